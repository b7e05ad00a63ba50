// Reads one HTTP/1 message out of bytes, for tests: written apart from the parsers under test, slow
// and by the letter. What does not follow the grammar throws.

export interface Message {
  /** Request or status line. */
  readonly line: string
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** Offset behind the message. */
  readonly end: number
  get(name: string): string | undefined
}

export interface Reading {
  /** The sender has ended its side. */
  readonly ended: boolean
  /** An answer: without framing it lasts until the end. */
  readonly isAnswer: boolean
  /** The answer to a HEAD request. */
  readonly toHead?: boolean
}

type FieldLines = (readonly [string, string])[]

/** The message at `at`; `undefined` while it is not complete. */
export function readMessage(bytes: Buffer, at: number, reading: Reading): Message | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', at, 'latin1')
  if (headEnd < 0) return undefined
  const [line = '', ...rest] = bytes.toString('latin1', at, headEnd).split('\r\n')
  const fields = fieldsOf(rest)
  const get = (name: string): string | undefined => {
    const values = fields.filter(([known]) => known === name).map(([, value]) => value)
    return values.length === 0 ? undefined : values.join(', ')
  }
  const made = (body: Buffer, end: number, trailers: FieldLines = []): Message => {
    return { line, fields, body, trailers, end, get }
  }
  const from = headEnd + 4
  const status = reading.isAnswer ? Number(line.split(' ')[1]) : 0
  const hasNone = reading.toHead === true || status === 204 || status === 304
  if (reading.isAnswer && (hasNone || (status >= 100 && status < 200))) {
    return made(Buffer.alloc(0), from)
  }
  if (get('transfer-encoding') !== undefined) {
    if (get('content-length') !== undefined) throw new Error(`two framings: ${line}`)
    return readChunks(bytes, from, made)
  }
  const length = get('content-length')
  if (length !== undefined) {
    if (!/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`)
    const end = from + Number(length)
    return bytes.length < end ? undefined : made(bytes.subarray(from, end), end)
  }
  if (!reading.isAnswer) return made(Buffer.alloc(0), from)
  return reading.ended ? made(bytes.subarray(from), bytes.length) : undefined
}

function readChunks(
  bytes: Buffer,
  from: number,
  made: (body: Buffer, end: number, trailers: FieldLines) => Message,
): Message | undefined {
  const parts: Buffer[] = []
  let at = from
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1')
    if (lineEnd < 0) return undefined
    const size = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`chunk size: ${JSON.stringify(size)}`)
    at = lineEnd + 2
    const length = Number.parseInt(size, 16)
    if (length === 0) break
    if (bytes.length < at + length + 2) return undefined
    if (bytes.toString('latin1', at + length, at + length + 2) !== '\r\n') {
      throw new Error('chunk data without CRLF')
    }
    parts.push(bytes.subarray(at, at + length))
    at += length + 2
  }
  if (bytes.toString('latin1', at, at + 2) === '\r\n') return made(Buffer.concat(parts), at + 2, [])
  const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
  if (end < 0) return undefined
  const trailers = fieldsOf(bytes.toString('latin1', at, end).split('\r\n'))
  return made(Buffer.concat(parts), end + 4, trailers)
}

function fieldsOf(lines: readonly string[]): FieldLines {
  return lines.map((line) => {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(
      line,
    )
    if (match === null) throw new Error(`not a field: ${JSON.stringify(line)}`)
    return [match[1]!.toLowerCase(), match[2]!] as const
  })
}
