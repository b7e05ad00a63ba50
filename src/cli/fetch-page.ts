// Asks a running proxy for one of the pages of its control listener.

import { get } from 'node:http'
import { writeSecret } from '../wire/authorization.ts'

/** A control listener that takes longer is taken for dead, ms. */
const answerWithinMs = 5_000

/** Far above the report of a full table, bytes. */
const pageBytesMax = 64 * 1_048_576

export type FetchedPage =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** `control`: host and port of the control listener. `secret`: what it asks for, if it does. */
export function fetchPage(
  control: string,
  path: string,
  secret: string | undefined,
): Promise<FetchedPage> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const url = `http://${control}${path.split('?', 1)[0]}`
    const headers = secret === undefined ? {} : { authorization: writeSecret(secret) }
    const request = get(
      `http://${control}${path}`,
      { signal: AbortSignal.timeout(answerWithinMs), agent: false, headers },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
          if (text.length > pageBytesMax) response.destroy(new Error(`${url} does not end`))
        })
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          if (response.statusCode === 200) return resolve({ ok: true, text })
          if (response.statusCode === 401)
            return fail(`the proxy at ${control} asks for its secret; see --secret-file`)
          if (response.statusCode === 503) return fail(`${url}: ${text.trim()}`)
          fail(`${url} answered ${response.statusCode}: not a control listener?`)
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      fail(`no proxy answers at ${control} (${error.code ?? error.message})`),
    )
  })
}
