// A client for one proxy's control listener: one connection that is kept alive, one message at a time. Used by the
// agent and by the commands. When the proxy has closed the connection meanwhile (httpd after 5 s), the message is sent
// again on a new one: every MCMP message is idempotent.

import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { TopspinError } from '../base/errors.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import { socketPathOf } from '../base/unix-address.ts'
import { writeSecret } from '../wire/authorization.ts'
import { messageTarget, writeBody } from '../wire/mcmp/body.ts'
import { loadMetricsField, writeLoadMetrics } from '../wire/mcmp/load-metrics.ts'
import { defaultMetricsSource, loadSourceField } from '../wire/mcmp/load-source.ts'
import type { Message, NodeOrder, StatusMessage } from '../wire/mcmp/message.ts'
import { orderField, readNodeOrder, writeNodeOrder } from '../wire/mcmp/node-order.ts'
import { reasonField } from '../wire/mcmp/reply.ts'
import { senderField, topspinUserAgent } from '../wire/mcmp/sender.ts'
import { agentTlsSettings, tlsProblem } from './connect-problem.ts'

interface SendOptions {
  /** From connecting to the last byte of the reply, ms. Default 5000. */
  readonly deadlineMs?: number
  /** Ends the message at once when aborted. */
  readonly signal?: AbortSignal
}

/** TLS towards a proxy: checks of its certificate, and our own. Certificates and keys are PEM text. */
export interface ProxyTls {
  /** Authorities that may have signed the proxy's certificate. Default: those that Node.js trusts. */
  readonly ca?: string | undefined
  /** Certificate and key of this node, for a proxy that requires one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the proxy's certificate must have. Default: the host in its address. */
  readonly servername?: string | undefined
}

/** The address of a control listener; without `tls` the connection is plain TCP. */
export interface ProxyTarget extends HostPort {
  readonly tls?: ProxyTls
}

/**
 * `error.code` is `MCMP_REFUSED` (an error reply; `refusal` holds its fields), `MCMP_TIMEOUT`, `MCMP_ABORTED`,
 * `MCMP_REPLY` (not a valid reply, or too long) or `MCMP_CONNECTION`.
 */
export type SendResult =
  | {
      readonly ok: true
      readonly body: string
      /** Why a reply of Topspin's proxy is `State=NOTOK`. */
      readonly reason?: string
      /** The message was older than what proxies know of the node, which is this. */
      readonly known?: NodeOrder
    }
  | { readonly ok: false; readonly error: TopspinError; readonly refusal?: ErrorReply }

interface ErrorReply {
  /** HTTP status; 500 from mod_cluster, Undertow and Topspin. */
  readonly status: number
  /** SYNTAX, MEM, GENERAL, or '' when it is missing. */
  readonly type: string
  readonly mess: string
}

export class McmpClient {
  readonly proxy: ProxyTarget
  /** Local address of the last connection with a reply: the address under which the proxy sees this machine. */
  localAddress: string | undefined
  /** Address of the proxy on that connection. */
  remoteAddress: string | undefined
  readonly #agent: Agent
  readonly #authorization: { authorization?: string }

  /** @param secret the shared secret of the proxy, if it requires one. @throws RangeError for a secret of another form. */
  constructor(proxy: ProxyTarget, secret: string | undefined = undefined) {
    this.proxy = proxy
    this.#authorization = secret === undefined ? {} : { authorization: writeSecret(secret) }
    const options = { keepAlive: true, maxSockets: 1 }
    this.#agent =
      proxy.tls === undefined
        ? new Agent(options)
        : new SecureAgent({ ...options, ...defined(proxy.tls), minVersion: 'TLSv1.2' })
  }

  /** Rejects only for a message that cannot be written, with a RangeError. */
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
      return { ok: false, error: this.#failure(message, error, end.signal, deadlineMs) }
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Ends the connection; a message in progress fails. */
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
    const { localAddress, remoteAddress } = response.socket
    this.localAddress = localAddress ?? this.localAddress
    this.remoteAddress = remoteAddress ?? this.remoteAddress
    const text = await bodyOf(response)
    if (response.statusCode === 200) {
      const reason = response.headers[reasonField]
      const known = readNodeOrder(String(response.headers[orderField] ?? ''))
      return {
        ok: true,
        body: text,
        ...(typeof reason === 'string' ? { reason } : {}),
        ...(known === undefined ? {} : { known }),
      }
    }
    return this.#errorReply(message, response)
  }

  #head(message: Message, body: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = (this.proxy.tls === undefined ? request : secureRequest)({
        agent: this.#agent,
        ...placeOf(this.proxy),
        method: message.method,
        path: messageTarget(message),
        headers: {
          'content-length': Buffer.byteLength(body),
          'user-agent': topspinUserAgent,
          ...this.#authorization,
          ...('sender' in message ? { [senderField]: message.sender } : {}),
          ...('order' in message ? { [orderField]: writeNodeOrder(message.order) } : {}),
          ...(message.method === 'STATUS' ? loadFields(message) : {}),
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

  #errorReply(message: Message, response: IncomingMessage): SendResult {
    const field = (name: string): string => String(response.headers[name] ?? '')
    const status = response.statusCode ?? 0
    const refusal = { status, type: field('type'), mess: field('mess') }
    const reason =
      refusal.mess === '' ? `HTTP status ${status}` : refusal.mess.slice(0, agentLimits.messMax)
    const error = this.#error('MCMP_REFUSED', `${message.method}: ${reason}`)
    return { ok: false, refusal, error }
  }

  #failure(message: Message, error: unknown, end: AbortSignal, deadlineMs: number): TopspinError {
    if (error instanceof TopspinError) return error
    const cause = error instanceof StaleConnection ? error.cause : error
    if (end.aborted) {
      const isLate = end.reason === 'MCMP_TIMEOUT'
      const reason = isLate ? `no reply within ${deadlineMs} ms` : 'aborted'
      return this.#error(String(end.reason), `${message.method}: ${reason}`, cause)
    }
    const isInvalid = hasCode(cause) && cause.code.startsWith('HPE_')
    const code = isInvalid ? 'MCMP_REPLY' : 'MCMP_CONNECTION'
    return this.#error(code, `${message.method}: ${reasonOf(cause)}`, cause)
  }

  #error(code: string, text: string, cause?: unknown): TopspinError {
    const message = `proxy ${hostPortText(this.proxy)}: ${text}`
    return new TopspinError(code, message, { side: 'proxy', phase: 'control', cause })
  }
}

function placeOf({ host, port }: HostPort): object {
  const socketPath = socketPathOf(host)
  return socketPath === undefined ? { host, port } : { socketPath }
}

const loadFields = ({ isDefaultLoad, metrics = [] }: StatusMessage): OutgoingHttpHeaders => ({
  ...(isDefaultLoad ? { [loadSourceField]: defaultMetricsSource } : {}),
  ...(metrics.length > 0 ? { [loadMetricsField]: writeLoadMetrics(metrics) } : {}),
})

/** Node.js treats an option with the value undefined as set. */
function defined(tls: ProxyTls): Partial<Record<keyof ProxyTls, string>> {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
}

/** An error on a reused connection before the first byte of a reply. */
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
      const message = `a reply of more than ${agentLimits.replyBytesMax} bytes`
      throw new TopspinError('MCMP_REPLY', message, { side: 'proxy', phase: 'control' })
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function hasCode(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? (tlsProblem(error, agentTlsSettings) ?? error.message) : ''
  // The AggregateError of several addresses has no message, only a code.
  if (text === '') return hasCode(error) ? error.code : String(error)
  return text
}
