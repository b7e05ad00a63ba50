// The keys of the shared store: what a record is about. Pure.

export interface Subject {
  readonly kind: 'node' | 'balancer' | 'orders'
  /** Route of the node, or name of the balancer. */
  readonly name: string
}

const letters: Readonly<Record<Subject['kind'], string>> = {
  node: 'n',
  balancer: 'b',
  orders: 'o',
}

const kinds: ReadonlyMap<string, Subject['kind']> = new Map([
  ['n', 'node'],
  ['b', 'balancer'],
  ['o', 'orders'],
])

export const keyOf = ({ kind, name }: Subject): string => `${letters[kind]}.${encodeName(name)}`

/** @returns `undefined` for a key of another kind. */
export function subjectOf(key: string): Subject | undefined {
  const kind = kinds.get(key.slice(0, key.indexOf('.')))
  const name = decodeName(key.slice(2))
  return kind === undefined || key[1] !== '.' || name === undefined ? undefined : { kind, name }
}

/** Of the record with which a proxy shows that it is there. */
export const proxyKey = (proxy: string): string => `p.${encodeName(proxy)}`

/** @returns `undefined` for a key of another kind. */
export const proxyOf = (key: string): string | undefined =>
  key.startsWith('p.') ? decodeName(key.slice(2)) : undefined

/** Each byte outside `[A-Za-z0-9_-]` as `=XX`: a dot would begin another token, and other signs are refused. */
export function encodeName(name: string): string {
  let text = ''
  for (const byte of Buffer.from(name, 'utf8')) {
    const sign = String.fromCharCode(byte)
    text += /[A-Za-z0-9_-]/.test(sign)
      ? sign
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

export function decodeName(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(text)) return undefined
  const bytes = text.replace(/=(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const name = Buffer.from(bytes, 'latin1').toString('utf8')
  return encodeName(name) === text ? name : undefined
}
