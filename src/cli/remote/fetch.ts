// Requests to the control listener of a running proxy: a page of it, its report (GET /api/status), or an operation (POST).

import { type IncomingMessage, request as plainRequest } from 'node:http'
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
  /** Default GET. An operation by POST that fails with 409 may say why in JSON, which is returned. */
  readonly method?: 'GET' | 'POST'
  /** Sent as JSON. */
  readonly body?: object
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
function controlTls(): ProxyTls {
  const variables = new EnvironmentReader(process.env)
  const [ca, cert, key] = ['CA', 'CERT', 'KEY'].map((name) => variables.text(name))
  return present(readTlsFiles({ ca, cert, key, servername: variables.text('SERVER_NAME') }))
}

/** Where a request goes, and with what. */
interface Target {
  /** `host:port` or `unix:/path` of the control listener, with `https://` in front where it speaks TLS. */
  readonly control: string
  readonly path: string
  /** Shared secret of the proxy, or a token, if there is one. */
  readonly secret: string | undefined
}

/** Opens a request; the answer has status 200, or 409 to POST, and its body is still to be read. */
function open(
  { control, path, secret }: Target,
  { method = 'GET', body, withinMs = 5_000 }: RequestOptions,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly response: IncomingMessage } | Failed> {
  const isSecure = control.startsWith('https://')
  const socketPath = socketPathOf(control.replace('https://', ''))
  const place = placeOf(control, path)
  const base = socketPath === undefined ? urlOf(control) : `http${isSecure ? 's' : ''}://localhost`
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const refused = (message: string): void => resolve({ ok: false, message, isReached: true })
    // The names that a proxy answers to keep web pages out; this is none.
    const headers = {
      host: 'localhost',
      ...(secret === undefined ? {} : { authorization: writeSecret(secret) }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
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
        signal,
        agent: false,
        headers,
        ...tls,
        ...(socketPath === undefined ? {} : { socketPath }),
      },
      (response) => {
        const { statusCode = 0 } = response
        const isOutcome = method === 'POST' && statusCode === 409 && isJson(response)
        if (statusCode === 200 || isOutcome) return resolve({ ok: true, response })
        if (statusCode === 401) return refused(secretProblem(control, secret))
        textOf(response, place).then(
          (text) => refused(answerProblem(place, statusCode, text, response)),
          (error: Error) => fail(error.message),
        )
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => {
      const problem = tlsProblem(error, commandTlsSettings)
      if (problem !== undefined) refused(`${control} cannot be reached over TLS: ${problem}`)
      else fail(`no proxy answers at ${control} (${connectProblem(error, isSecure, withinMs)})`)
    })
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const placeOf = (control: string, path: string): string =>
  (urlOf(control) + path).split('?', 1)[0] ?? ''

const typeOf = ({ headers }: IncomingMessage): string =>
  (headers['content-type'] ?? '').split(';', 1)[0] ?? ''

const isJson = (response: IncomingMessage): boolean => typeOf(response) === 'application/json'

async function textOf(response: IncomingMessage, place: string): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const piece of response as AsyncIterable<string>) {
    text += piece
    if (text.length > pageBytesMax) throw new Error(`${place} does not end`)
  }
  return text
}

/** A page of the control listener, or the outcome of an operation. */
export async function fetchPage(
  control: string,
  path: string,
  secret: string | undefined,
  options: RequestOptions = {},
): Promise<FetchedPage> {
  const signal = AbortSignal.timeout(options.withinMs ?? 5_000)
  const opened = await open({ control, path, secret }, options, signal)
  if (!opened.ok) return opened
  try {
    return { ok: true, text: await textOf(opened.response, placeOf(control, path)) }
  } catch (error) {
    return { ok: false, message: (error as Error).message }
  }
}

/**
 * Follows server-sent events until the signal ends it.
 * @param receive called with the name and the data of each event.
 * @returns why the stream has ended.
 */
export async function followStream(
  control: string,
  path: string,
  secret: string | undefined,
  receive: (event: string, data: string) => void,
  signal: AbortSignal,
): Promise<Failed> {
  const begun = new AbortController()
  const late = setTimeout(() => begun.abort(), 5_000)
  const either = AbortSignal.any([signal, begun.signal])
  const opened = await open({ control, path, secret }, {}, either)
  clearTimeout(late)
  if (!opened.ok) return opened
  let text = ''
  opened.response.setEncoding('utf8')
  try {
    for await (const piece of opened.response as AsyncIterable<string>) {
      text += piece
      if (text.length > pageBytesMax) return { ok: false, message: 'an event does not end' }
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, event = ''] = /^event: (.*)$/m.exec(block) ?? []
        const [, data] = /^data: (.*)$/m.exec(block) ?? []
        if (data !== undefined) receive(event, data)
      }
    }
  } catch {
    // Cut, by the proxy or by the signal.
  }
  return { ok: false, message: `the proxy at ${control} has closed the connection` }
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

/** With the first line of the answer, if it is a text: a control listener says what is wrong. The API says it in JSON. */
function answerProblem(
  place: string,
  status: number,
  text: string,
  response: IncomingMessage,
): string {
  if (typeOf(response) === 'application/problem+json') return detailOf(text)
  const [line = ''] = text.trim().split('\n', 1)
  const isText = line !== '' && !line.startsWith('<') && !line.startsWith('{')
  const said = isText ? printable(line.slice(0, lineMax)) : 'not a control listener?'
  return status === 503 ? `${place}: ${said}` : `${place} answered ${status}: ${said}`
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown }
    return printable(String(detail).slice(0, lineMax))
  } catch {
    return 'the proxy refused it'
  }
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
