// A target for a URL of our own: what RFC 3986 has no room for is escaped.

/** @param target one character per byte. */
export const escapedTarget = (target: string): string =>
  target.replace(/[^!#-;=?-[\]_a-z~]/g, escaped)

const escaped = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
