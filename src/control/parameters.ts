// Parameters of the pages, from the query of a target or the body of a form. Pure.

import type { ExplainQuestion } from '../forward/index.ts'

/** By name in lower case: `Refresh` and `refresh` are one (mcmp.md 6). The last value of a name counts. */
export type Parameters = ReadonlyMap<string, string>

/** `undefined` when a part has no `=`, which httpd refuses. */
export function readParameters(text: string): Parameters | undefined {
  const parts = text.split('&').filter((part) => part !== '')
  if (!parts.every((part) => part.includes('='))) return undefined
  return new Map([...new URLSearchParams(text)].map(([name, value]) => [name.toLowerCase(), value]))
}

/** The part of a target after its first `?`. */
export function queryOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? '' : target.slice(at + 1)
}

/**
 * The request that /api/explain asks about; `undefined` when the query names none.
 * @param query `url`, and optionally `cookie` and `client`.
 */
export function explainQuestion(query: string): ExplainQuestion | undefined {
  const parameters = readParameters(query)
  const url = parameters?.get('url') ?? ''
  const cookie = parameters?.get('cookie') ?? ''
  const client = parameters?.get('client') ?? '127.0.0.1'
  if (/[\r\n]/.test(url + cookie + client)) return undefined
  const [asked = ''] = url.split('#', 1)
  if (url === '' || /\s/.test(asked)) return undefined
  const scheme = /^https?:\/\//i.exec(asked)?.[0]
  if (scheme === undefined) {
    const isPath = asked === '' || asked.startsWith('/')
    return isPath ? { target: asked || '/', host: 'localhost', cookie, client } : undefined
  }
  const rest = asked.slice(scheme.length)
  const [host = ''] = rest.split('/', 1)
  if (host === '' || host.includes('?')) return undefined
  return { target: rest.slice(host.length) || '/', host, cookie, client }
}
