// Requests to the control listener of a running proxy: a page of it, its report (GET /api/status), or an operation (POST).

import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { readTlsFiles } from '../../agent/tls-files.ts'
import { EnvironmentReader, present } from '../../base/environment.ts'
import { printable } from '../../base/printable.ts'
import { socketPathOf } from '../../base/unix-address.ts'
import type { StatusReport } from '../../control/status-report.ts'
import { commandTlsSettings, tlsProblem } from '../../net/connect-problem.ts'
import type { ProxyTls } from '../../net/mcmp-client.ts'
import { writeSecret } from '../../wire/authorization.ts'

interface RequestOptions {
  /** Default GET. An operation by POST that fails with 409 says why in its body, which is returned. */
  readonly method?: 'GET' | 'POST'
  /** Deadline of the answer, ms. Default 5_000. */
  readonly withinMs?: number
}

/** Characters that are shown of an answer. */
const lineMax = 300

/** Far above the report of a full table, bytes. */
const pageBytesMax = 64 * 1_048_576

type Failed = {
  readonly ok: false
  readonly message: string
  /** A program has answered. */
  readonly isReached?: true
}

type FetchedPage = { readonly ok: true; readonly text: string } | Failed

type FetchedReport =
  | { readonly ok: true; readonly report: StatusReport; readonly text: string }
  | Failed

/**
 * TLS towards a control listener, from the same variables as the agent's: the authorities for the proxy's certificate,
 * and the client certificate. @throws TopspinError that names every file that cannot be read.
 */
export function controlTls(): ProxyTls {
  const variables = new EnvironmentReader(process.env)
  const [ca, cert, key] = ['CA', 'CERT', 'KEY'].map((name) => variables.text(name))
  return present(readTlsFiles({ ca, cert, key, servername: variables.text('SERVER_NAME') }))
}

/**
 * @param control `host:port` or `unix:/path` of the control listener, with `https://` in front where it speaks TLS.
 * @param secret shared secret of the proxy, if it has one.
 */
export function fetchPage(
  control: string,
  path: string,
  secret: string | undefined,
  { method = 'GET', withinMs = 5_000 }: RequestOptions = {},
): Promise<FetchedPage> {
  const isSecure = control.startsWith('https://')
  const socketPath = socketPathOf(control.replace('https://', ''))
  const place = (urlOf(control) + path).split('?', 1)[0]
  const base = socketPath === undefined ? urlOf(control) : `http${isSecure ? 's' : ''}://localhost`
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const refused = (message: string): void => resolve({ ok: false, message, isReached: true })
    // The names that a proxy answers to keep web pages out; this is none.
    const headers = {
      host: 'localhost',
      ...(secret === undefined ? {} : { authorization: writeSecret(secret) }),
    }
    let tls: object
    try {
      tls = isSecure ? controlTls() : {}
    } catch (error) {
      return fail((error as Error).message)
    }
    const request = (isSecure ? secureRequest : plainRequest)(
      base + path,
      {
        method,
        signal: AbortSignal.timeout(withinMs),
        agent: false,
        headers,
        ...tls,
        ...(socketPath === undefined ? {} : { socketPath }),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
          if (text.length > pageBytesMax) response.destroy(new Error(`${place} does not end`))
        })
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          const { statusCode } = response
          if (statusCode === 200 || (method === 'POST' && statusCode === 409))
            return resolve({ ok: true, text })
          if (statusCode === 401) return refused(secretProblem(control, secret))
          refused(answerProblem(`${place}`, statusCode ?? 0, text))
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => {
      const problem = tlsProblem(error, commandTlsSettings)
      if (problem !== undefined) refused(`${control} cannot be reached over TLS: ${problem}`)
      else fail(`no proxy answers at ${control} (${connectProblem(error, isSecure, withinMs)})`)
    })
    request.end()
  })
}

function connectProblem(error: NodeJS.ErrnoException, isSecure: boolean, withinMs: number): string {
  if (error.code !== 'ABORT_ERR') return error.code ?? error.message
  const hint = isSecure ? '; is it a listener without TLS, which is HOST:PORT alone?' : ''
  return `no answer within ${withinMs / 1_000} s${hint}`
}

const secretProblem = (control: string, secret: string | undefined): string =>
  secret === undefined
    ? `the proxy at ${control} requires its secret; write --secret-file FILE, or set TOPSPIN_SECRET`
    : `the proxy at ${control} does not accept the secret that was sent (--secret-file, TOPSPIN_SECRET)`

/** With the first line of the answer, if it is a text: a control listener says what is wrong. */
function answerProblem(place: string, status: number, text: string): string {
  const [line = ''] = text.trim().split('\n', 1)
  const isText = line !== '' && !line.startsWith('<') && !line.startsWith('{')
  const said = isText ? printable(line.slice(0, lineMax)) : 'not a control listener?'
  return status === 503 ? `${place}: ${said}` : `${place} answered ${status}: ${said}`
}

const reportPath = '/api/status'

/** The same for its report. */
export async function fetchReport(
  control: string,
  secret: string | undefined = undefined,
): Promise<FetchedReport> {
  const page = await fetchPage(control, reportPath, secret)
  if (!page.ok) return page
  const report = parseReport(page.text)
  if (report !== undefined) return { ok: true, report, text: page.text }
  const message = `${urlOf(control)}${reportPath} did not answer with a report: not a control listener?`
  return { ok: false, message, isReached: true }
}

const urlOf = (control: string): string =>
  control.startsWith('https://') || socketPathOf(control) !== undefined
    ? control
    : `http://${control}`

/** Checks only enough to distinguish a Topspin proxy from another program. */
function parseReport(text: string): StatusReport | undefined {
  try {
    const report = JSON.parse(text) as Partial<StatusReport> | null
    const isReport = Array.isArray(report?.nodes) && Array.isArray(report.workers)
    return isReport ? (report as StatusReport) : undefined
  } catch {
    return undefined
  }
}
