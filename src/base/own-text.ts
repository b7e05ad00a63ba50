// A copy of a text. V8 keeps the whole text in memory as long as any part that was cut from it, so that a short part of a long
// header field, kept in a table, costs as much as the field.

/** The same text, which shares no memory with the one that it was cut from. */
export const ownText = (text: string): string => Buffer.from(text).toString()
