// Questions to an API over HTTP that answers with JSON, as a whole or line by line: Kubernetes, Consul, Docker.

import { readFile } from 'node:fs/promises'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { bareHost } from '../../base/host-port.ts'
import { fixedLimits } from '../../base/limits.ts'
import { socketPathOf } from '../../base/unix-address.ts'
import { jsonLines } from '../../net/json-lines.ts'

export interface ApiPlace {
  /** `http://`, `https://` or `unix:/PATH`, without a slash at the end. */
  readonly url: string
  /** Authorities of its certificate: name of a file, which is read for each question. Default: those of Node.js. */
  readonly ca?: string | undefined
  /** Header fields of each question: tokens may be replaced at any time. */
  readonly fields?: (() => Promise<Readonly<Record<string, string>>>) | undefined
}

/** An answer with another status than 200. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, text: string) {
    super(`answers ${status}${text === '' ? '' : `: ${text}`}`)
    this.status = status
  }
}

export interface ApiAnswer {
  readonly body: unknown
  readonly headers: IncomingMessage['headers']
}

export class ApiClient {
  readonly #place: ApiPlace

  constructor(place: ApiPlace) {
    this.#place = place
  }

  /** Rejects without the whole answer within `withinMs`, and with an `ApiError` for another status than 200. */
  async json(path: string, signal: AbortSignal, withinMs: number): Promise<ApiAnswer> {
    const late = AbortSignal.timeout(withinMs)
    try {
      const response = await this.#ask(path, AbortSignal.any([signal, late]))
      const text = await textOf(response, fixedLimits.answerBytesMax)
      return { body: JSON.parse(text) as unknown, headers: response.headers }
    } catch (error) {
      throw late.aborted ? new Error(`no answer within ${withinMs} ms`) : error
    }
  }

  /**
   * The lines of an answer until its end, or until `forMs` have passed. Resolves with the head of the answer, within
   * `fixedLimits.sourceMs`; rejects with an `ApiError` for another status than 200.
   */
  async lines(path: string, signal: AbortSignal, forMs: number): Promise<AsyncGenerator<unknown>> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), fixedLimits.sourceMs)
    const end = AbortSignal.timeout(forMs)
    try {
      const response = await this.#ask(path, AbortSignal.any([signal, late.signal, end]))
      return untilEnd(jsonLines(response, fixedLimits.eventBytesMax), end)
    } catch (error) {
      throw late.signal.aborted ? new Error(`no answer within ${fixedLimits.sourceMs} ms`) : error
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, ca, fields } = this.#place
    const socketPath = socketPathOf(url)
    const { protocol, hostname, port, pathname } = new URL(
      socketPath === undefined ? url : 'http://localhost',
    )
    const options: RequestOptions & { ca?: Buffer } = {
      ...(socketPath === undefined ? { host: bareHost(hostname), port } : { socketPath }),
      path: `${pathname === '/' ? '' : pathname}${path}`,
      headers: { accept: 'application/json', 'user-agent': 'topspin', ...(await fields?.()) },
      // A connection that rests between two questions may be interrupted unnoticed.
      agent: false,
      signal,
    }
    if (ca !== undefined) options.ca = await readFile(ca)
    const response = await responseTo(options, protocol === 'https:')
    if (response.statusCode === 200) return response
    const text = await textOf(response, fixedLimits.eventBytesMax).catch(() => '')
    throw new ApiError(response.statusCode ?? 0, reasonIn(text))
  }
}

function responseTo(options: RequestOptions, isSecure: boolean): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = isSecure ? secureRequest(options) : request(options)
    asked.once('response', resolve)
    // After the response, its stream has the error, too.
    asked.on('error', reject)
    // Without an error where the answer is 101 (Switching Protocols). After the response it changes nothing.
    asked.once('close', () => reject(new Error('the connection ended without an answer')))
    asked.once('socket', (socket) => socket.setKeepAlive(true, fixedLimits.watchMs / 4))
    asked.end()
  })
}

async function textOf(body: AsyncIterable<Buffer>, bytesMax: number): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > bytesMax) throw new Error(`an answer has more than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** The `message` of an answer in JSON, as Kubernetes and Docker have it; else the text. */
function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return message.slice(0, fixedLimits.errorTextMax)
  } catch {
    // Consul answers with plain text.
  }
  return text.trim().slice(0, fixedLimits.errorTextMax)
}

async function* untilEnd(
  lines: AsyncGenerator<unknown>,
  end: AbortSignal,
): AsyncGenerator<unknown> {
  try {
    yield* lines
  } catch (error) {
    if (!end.aborted) throw error
  }
}
