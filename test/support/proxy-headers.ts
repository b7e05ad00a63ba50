// PROXY headers of version 2, put together byte by byte for tests.

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** @param rest what the length counts: addresses and additional values. */
export function headerV2(command: number, family: number, rest: Buffer): Buffer {
  const fixed = Buffer.from([command, family, rest.length >> 8, rest.length & 0xff])
  return Buffer.concat([signature, fixed, rest])
}

/** 192.0.2.1:4000 connected to 198.51.100.2:443. */
export const ends4: Buffer = Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0x0f, 0xa0, 0x01, 0xbb])

export const tcp4V2: Buffer = headerV2(0x21, 0x11, ends4)

/** One additional value. */
export function value(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, content.length >> 8, content.length & 0xff]), content])
}
