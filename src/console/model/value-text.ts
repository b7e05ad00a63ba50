// A value of the configuration as people write it: `127.0.0.1:8000` for an address, no JSON. For the console and `topspin config`.

export function valueText(value: unknown): string {
  if (value === null) return 'not set'
  if (Array.isArray(value)) return listText(value)
  if (typeof value !== 'object') return String(value)
  if (!isAddress(value)) return mapText(value)
  const { host, port, ...more } = value
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return Object.keys(more).length === 0 ? address : `${address} (${mapText(more)})`
}

function listText(values: readonly unknown[]): string {
  if (values.length === 0) return 'none'
  return values.map(values.length === 1 ? valueText : nestedText).join(', ')
}

function mapText(map: object): string {
  const entries = Object.entries(map)
  if (entries.length === 0) return 'none'
  return entries.map(([name, value]) => `${name}: ${nestedText(value)}`).join(', ')
}

const isAddress = (value: object): value is { readonly host: string; readonly port: number } => {
  const { host, port } = value as Readonly<Record<string, unknown>>
  return typeof host === 'string' && typeof port === 'number'
}

/** Beside other values brackets tell where a list or a map begins and ends. */
function nestedText(value: unknown): string {
  const text = valueText(value)
  if (Array.isArray(value)) return value.length === 0 ? text : `[${text}]`
  return typeof value === 'object' && value !== null && !isAddress(value) ? `{${text}}` : text
}
