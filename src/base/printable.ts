// Text from elsewhere as it may be shown in a terminal.

/**
 * Control characters, C1 ones among them (U+009B begins escape sequences), line and paragraph separators, and what
 * changes the direction of a line or is not seen at all.
 */
const hidden =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]|\p{Surrogate}/gu

/** Hidden characters are written as `\u{9b}`. */
export const printable = (text: string): string =>
  text.replace(hidden, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)

/** The same for a text in JSON, as escapes of JSON: it stays the same value. */
export const printableJson = (json: string): string =>
  json.replace(hidden, (character) =>
    Array.from({ length: character.length }, (_, i) => jsonEscape(character.charCodeAt(i))).join(
      '',
    ),
  )

const jsonEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`
