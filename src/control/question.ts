// What /api/explain is asked, as the proxy is asked. Pure.

import type { ExplainQuestion } from '../forward/index.ts'
import { readParameters } from './manager/parameters.ts'

/** @param query `url`, and where it matters `cookie` and `client`. `undefined` when it is no question. */
export function questionOf(query: string): ExplainQuestion | undefined {
  const parameters = readParameters(query)
  const url = parameters?.get('url') ?? ''
  const cookie = parameters?.get('cookie') ?? ''
  const client = parameters?.get('client') ?? '127.0.0.1'
  if (/[\r\n]/.test(url + cookie + client)) return undefined
  const match = /^(?:https?:\/\/([^/?#\s]+))?(\/[^#\s]*)?(?:#.*)?$/i.exec(url)
  if (match === null || url === '') return undefined
  const [, host = 'localhost', target = '/'] = match
  return { target, host, cookie, client }
}
