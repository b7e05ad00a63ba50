// Asks a running proxy for one of the pages of its control listener.

import { get } from 'node:http'
import { type RequestOptions, get as secureGet } from 'node:https'
import { tlsProblem } from '../net/connect-problem.ts'
import { writeSecret } from '../wire/authorization.ts'
import { controlTls } from './control-tls.ts'

/** A control listener that takes longer is taken for dead, ms. */
const answerWithinMs = 5_000

/** Far above the report of a full table, bytes. */
const pageBytesMax = 64 * 1_048_576

export type FetchedPage =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** `control`: host and port of the control listener, `https://` before it where it speaks TLS. `secret`: what it asks for, if it does. */
export function fetchPage(
  control: string,
  path: string,
  secret: string | undefined,
): Promise<FetchedPage> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const isSecure = control.startsWith('https://')
    const base = isSecure ? control : `http://${control}`
    const url = base + path.split('?', 1)[0]
    const tls = isSecure ? tlsOptions() : {}
    if (tls instanceof Error) return fail(tls.message)
    const headers = secret === undefined ? {} : { authorization: writeSecret(secret) }
    const request = (isSecure ? secureGet : get)(
      base + path,
      { signal: AbortSignal.timeout(answerWithinMs), agent: false, headers, ...tls },
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
      fail(
        `no proxy answers at ${control} (${tlsProblem(error, 'tls') ?? error.code ?? error.message})`,
      ),
    )
  })
}

function tlsOptions(): RequestOptions | Error {
  try {
    return controlTls() as RequestOptions
  } catch (error) {
    return error as Error
  }
}
