// The little XML that INFO, DUMP and VERSION need, escaped (decision 7).

export const xmlDeclaration = '<?xml version="1.0" standalone="yes" ?>\n'

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

/** For text and attribute values; control characters are dropped. */
export const escapeXml = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/[&<>"']/g, (sign) => entities.get(sign) ?? '')

/** `<name>text</name>`. */
export const element = (name: string, text: string | number): string =>
  `<${name}>${escapeXml(String(text))}</${name}>`
