// A value of the configuration as people write it: `127.0.0.1:8000` for an address, no JSON. For the console and `topspin config`.

export function valueText(value: unknown): string {
  if (value === null) return 'not set'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  if (typeof value !== 'object') return String(value)
  const { host, port, ...more } = value as Readonly<Record<string, unknown>>
  const isAddress = typeof host === 'string' && typeof port === 'number'
  const rest = Object.entries(isAddress ? more : (value as object)).map(
    ([name, each]) => `${name}: ${nestedText(each)}`,
  )
  if (!isAddress) return rest.length === 0 ? 'none' : rest.join(', ')
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return rest.length === 0 ? address : `${address} (${rest.join(', ')})`
}

/** Within a map, brackets tell where a list or a map ends. */
function nestedText(value: unknown): string {
  const text = valueText(value)
  if (Array.isArray(value)) return value.length === 0 ? text : `[${text}]`
  return typeof value === 'object' && value !== null ? `{${text}}` : text
}
