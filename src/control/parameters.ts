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
 * The request that /explain of the API asks about; `undefined` when the query names none.
 * @param query `url`, and optionally `method`, `cookie`, `client`, and any number of `header` (`Name: value`).
 */
export function explainQuestion(query: string): ExplainQuestion | undefined {
  const parameters = readParameters(query)
  const url = parameters?.get('url') ?? ''
  const cookie = parameters?.get('cookie') ?? ''
  const client = parameters?.get('client') ?? '127.0.0.1'
  const headers = new URLSearchParams(query).getAll('header')
  if (/[\r\n]/.test(url + cookie + client + headers.join(''))) return undefined
  const method = parameters?.get('method')?.toUpperCase() ?? 'GET'
  if (!/^[A-Z-]{1,32}$/.test(method)) return undefined
  const isSecure = /^https:/i.test(url)
  const rest = {
    cookie,
    client,
    ...(method === 'GET' ? {} : { method }),
    ...(isSecure ? { isSecure } : {}),
    ...(headers.length === 0 ? {} : { headers }),
  }
  const [asked = ''] = url.split('#', 1)
  if (url === '' || /\s/.test(asked)) return undefined
  const scheme = /^https?:\/\//i.exec(asked)?.[0]
  if (scheme === undefined) {
    const isPath = asked === '' || asked.startsWith('/')
    return isPath ? { target: asked || '/', host: 'localhost', ...rest } : undefined
  }
  const behind = asked.slice(scheme.length)
  const [host = ''] = behind.split('/', 1)
  if (host === '' || host.includes('?')) return undefined
  return { target: behind.slice(host.length) || '/', host, ...rest }
}
