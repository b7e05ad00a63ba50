// One kept-open connection to one proxy's control listener, over which a node sends its messages one
// at a time. Called by the agent and by the commands. A connection that the proxy closed meanwhile
// (httpd after 5 s) costs one silent repetition on a fresh one: every MCMP message may be repeated.

import { Agent, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { TopspinError } from '../base/errors.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import { writeSecret } from '../wire/authorization.ts'
import { targetOf, writeBody } from '../wire/mcmp/body.ts'
import type { Message } from '../wire/mcmp/message.ts'
import { tlsProblem } from './connect-problem.ts'

export interface SendOptions {
  /** Milliseconds for everything from connecting to the last byte of the answer. Default 5000. */
  readonly deadlineMs?: number
  /** Gives up at once when aborted. */
  readonly signal?: AbortSignal
}

/** What a proxy over TLS is checked by, and what is shown to it. As PEM text. */
export interface ProxyTls {
  /** Authorities that may have signed the proxy's certificate. Default: those that Node.js knows. */
  readonly ca?: string | undefined
  /** This node's certificate, for a proxy that asks for one, and its key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the proxy's certificate must carry. Default: the host in its address. */
  readonly servername?: string | undefined
}

/** Where a proxy listens, and what TLS with it needs; plainly where `tls` is absent. */
export interface ProxyTarget extends HostPort {
  readonly tls?: ProxyTls
}

/**
 * `error.code` tells what happened: `MCMP_REFUSED` (the proxy answered with an error; `refusal` holds
 * its words), `MCMP_TIMEOUT`, `MCMP_ABORTED`, `MCMP_REPLY` (an answer that is none, or too long) or
 * `MCMP_CONNECTION`.
 */
export type SendResult =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly error: TopspinError; readonly refusal?: Refusal }

interface Refusal {
  /** HTTP status, 500 from a proxy of the family. */
  readonly status: number
  /** SYNTAX, MEM, GENERAL, or '' when the answer did not say. */
  readonly type: string
  readonly mess: string
}

export class McmpClient {
  readonly proxy: ProxyTarget
  /** Local address of the last connection that answered: where this machine is seen from. */
  localAddress: string | undefined
  readonly #agent: Agent
  readonly #authorization: { authorization?: string }

  /** @param secret what the proxy asks for, if it does. @throws RangeError for what cannot be one. */
  constructor(proxy: ProxyTarget, secret: string | undefined = undefined) {
    this.proxy = proxy
    this.#authorization = secret === undefined ? {} : { authorization: writeSecret(secret) }
    const how = { keepAlive: true, maxSockets: 1 }
    this.#agent =
      proxy.tls === undefined
        ? new Agent(how)
        : new SecureAgent({ ...how, ...given(proxy.tls), minVersion: 'TLSv1.2' })
  }

  /** Never rejects but for a message that cannot be written (RangeError). */
  async send(message: Message, options: SendOptions = {}): Promise<SendResult> {
    const { deadlineMs = agentLimits.messageMs, signal } = options
    const body = writeBody(message)
    const end = new AbortController()
    const timer = setTimeout(() => end.abort('MCMP_TIMEOUT'), deadlineMs)
    const abort = (): void => end.abort('MCMP_ABORTED')
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    try {
      return await this.#exchange(message, body, end.signal)
    } catch (error) {
      return { ok: false, error: this.#problem(message, error, end.signal, deadlineMs) }
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Ends the connection; a message in the air fails. */
  close(): void {
    this.#agent.destroy()
  }

  async #exchange(message: Message, body: string, signal: AbortSignal): Promise<SendResult> {
    let response: IncomingMessage
    try {
      response = await this.#head(message, body, signal)
    } catch (error) {
      if (!(error instanceof StaleConnection) || signal.aborted) throw error
      response = await this.#head(message, body, signal)
    }
    this.localAddress = response.socket.localAddress ?? this.localAddress
    const text = await bodyOf(response)
    if (response.statusCode === 200) return { ok: true, body: text }
    return this.#refused(message, response)
  }

  #head(message: Message, body: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = (this.proxy.tls === undefined ? request : secureRequest)({
        agent: this.#agent,
        host: this.proxy.host,
        port: this.proxy.port,
        method: message.method,
        path: targetOf(message),
        headers: {
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Topspin',
          ...this.#authorization,
        },
        maxHeaderSize: agentLimits.replyHeadBytesMax,
        signal,
      })
      outgoing.once('response', resolve)
      outgoing.on('error', (error) =>
        reject(outgoing.reusedSocket && !signal.aborted ? new StaleConnection(error) : error),
      )
      outgoing.end(body)
    })
  }

  #refused(message: Message, response: IncomingMessage): SendResult {
    const field = (name: string): string => String(response.headers[name] ?? '')
    const status = response.statusCode ?? 0
    const refusal = { status, type: field('type'), mess: field('mess') }
    const why = refusal.mess === '' ? `HTTP status ${status}` : refusal.mess
    return { ok: false, refusal, error: this.#error('MCMP_REFUSED', `${message.method}: ${why}`) }
  }

  #problem(message: Message, error: unknown, end: AbortSignal, deadlineMs: number): TopspinError {
    if (error instanceof TopspinError) return error
    const cause = error instanceof StaleConnection ? error.cause : error
    if (end.aborted) {
      const late = end.reason === 'MCMP_TIMEOUT'
      const why = late ? `no answer within ${deadlineMs} ms` : 'given up'
      return this.#error(String(end.reason), `${message.method}: ${why}`, cause)
    }
    const parse = isCoded(cause) && cause.code.startsWith('HPE_')
    const code = parse ? 'MCMP_REPLY' : 'MCMP_CONNECTION'
    const inWords = cause instanceof Error ? (tlsProblem(cause, 'tls') ?? cause.message) : ''
    const why = inWords === '' ? codeOf(cause) : inWords
    return this.#error(code, `${message.method}: ${why}`, cause)
  }

  #error(code: string, what: string, cause?: unknown): TopspinError {
    const message = `proxy ${hostPortText(this.proxy)}: ${what}`
    return new TopspinError(code, message, { side: 'proxy', phase: 'control', cause })
  }
}

/** Node.js takes an option that is undefined for one that is there. */
function given(tls: ProxyTls): Partial<Record<keyof ProxyTls, string>> {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
}

/** An error on a connection that had carried a message before, prior to any byte of an answer. */
class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > agentLimits.replyBytesMax) {
      const message = `an answer of more than ${agentLimits.replyBytesMax} bytes`
      throw new TopspinError('MCMP_REPLY', message, { side: 'proxy', phase: 'control' })
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function isCoded(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/** An AggregateError of all addresses tried has no message of its own. */
function codeOf(error: unknown): string {
  return isCoded(error) ? error.code : String(error)
}
