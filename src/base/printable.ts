// Text from elsewhere as it may be shown in a terminal.

/**
 * Control characters, C1 ones among them (U+009B begins escape sequences), line and paragraph separators, and what
 * changes the direction of a line or is not seen at all.
 */
const hidden =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu

/** Hidden characters are written as `\u{9b}`. */
export const printable = (text: string): string =>
  text.replace(hidden, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
