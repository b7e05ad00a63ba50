// Frames and field blocks of HTTP/2 as a client writes them, in every form that RFC 7541 and RFC 9113 allow or forbid.

/** Lengths of the Huffman codes are those of RFC 7541 B; this table has the codes themselves, of a few symbols. */
const huffmanCodes: ReadonlyMap<string, string> = new Map([
  ['0', '00000'],
  ['1', '00001'],
  ['2', '00010'],
  ['a', '00011'],
  ['c', '00100'],
  ['e', '00101'],
  ['i', '00110'],
  ['o', '00111'],
  ['s', '01000'],
  ['t', '01001'],
  ['-', '010110'],
  ['.', '010111'],
  ['/', '011000'],
  ['m', '101001'],
  ['n', '101010'],
  ['p', '101011'],
  ['w', '1111000'],
  ['x', '1111001'],
])

/** @throws Error for a character without a code here. */
export function huffman(text: string): Buffer {
  let bits = ''
  for (const character of text) {
    const code = huffmanCodes.get(character)
    if (code === undefined) throw new Error(`no code for ${character}`)
    bits += code
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)))
}

/** An integer behind the first bits of a byte. */
export function integer(high: number, bits: number, value: number): Buffer {
  const mask = (1 << bits) - 1
  if (value < mask) return Buffer.from([high | value])
  const bytes = [high | mask]
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(0, 7, bytes.length), bytes])
}

/** A field with name and value as they are. @param first 0: kept in no table, 0x40: in the dynamic one, 0x10: never. */
export const literal = (name: string, value: string, first = 0): Buffer =>
  Buffer.concat([Buffer.from([first]), text(name), text(value)])

/** The same with a name from a table. */
export const named = (index: number, value: string, first = 0x40): Buffer =>
  Buffer.concat([integer(first, first === 0x40 ? 6 : 4, index), text(value)])

export const indexed = (index: number): Buffer => integer(0x80, 7, index)

export const block = (...fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(fields.map(([name, value]) => literal(name, value)))

/** A whole frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** The complete frames in these bytes. */
export function framesIn(bytes: Buffer): readonly ReceivedFrame[] {
  const frames: ReceivedFrame[] = []
  let at = 0
  while (bytes.length >= at + 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (bytes.length < end) break
    frames.push({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}
