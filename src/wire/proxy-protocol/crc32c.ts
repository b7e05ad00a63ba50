// CRC-32C (Castagnoli) [RFC 4960 B], the checksum of PROXY headers. Pure.

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++)
    value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1
  return value >>> 0
})

/** @param skipFrom the checksum itself: its four bytes count as 0. */
export function crc32c(bytes: Buffer, skipFrom: number): number {
  let sum = 0xffff_ffff
  for (let at = 0; at < bytes.length; at++) {
    const byte = at >= skipFrom && at < skipFrom + 4 ? 0 : (bytes[at] as number)
    sum = (table[(sum ^ byte) & 0xff] as number) ^ (sum >>> 8)
  }
  return (sum ^ 0xffff_ffff) >>> 0
}
