// XML for INFO, DUMP and VERSION, with escaped values (mcmp.md decision 7).

export const xmlDeclaration = '<?xml version="1.0" standalone="yes" ?>\n'

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

/** Escapes text and attribute values; control characters are dropped. */
export const escapeXml = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/[&<>"']/g, (sign) => entities.get(sign) ?? '')

/** `<name>text</name>` with escaped text. */
export const element = (name: string, text: string | number): string =>
  `<${name}>${escapeXml(String(text))}</${name}>`
