// The error of a request whose connection to a node failed: the side that failed, and whether another attempt
// is safe.

import { TopspinError } from '../../base/errors.ts'
import { nodeTlsSettings, tlsProblem } from '../../net/connect-problem.ts'
import { isQueueFull, isShortage, isShortageOfOne } from '../../net/shortage.ts'
import { codeName } from '../../wire/http2/codes.ts'

/** The connection could not be established. */
export function connectError(cause: Error | undefined): TopspinError {
  if (isShortage(cause)) return shortageError(cause, isShortageOfOne(cause) ? 'safe' : 'never')
  if (isQueueFull(cause)) return queueFullError()
  const text =
    tlsProblem(cause, nodeTlsSettings) ??
    cause?.message ??
    'the connection was not established in time'
  const code = cause instanceof TopspinError ? cause.code : 'NODE_CONNECT'
  return new TopspinError(code, text, {
    side: 'node',
    phase: 'connect',
    retry: 'safe',
    cause,
  })
}

/** This process or this machine lacks something: not a failure of the node. */
function shortageError(cause: Error | undefined, retry: 'safe' | 'never'): TopspinError {
  return new TopspinError(shortage, `no connection can be used: ${cause?.message}`, {
    side: 'proxy',
    phase: 'connect',
    retry,
    cause,
  })
}

const shortage = 'SHORTAGE'

/** The node is there and busy. */
const queueFullError = (): TopspinError =>
  new TopspinError(queueFull, "the node's queue of connections is full", {
    side: 'node',
    phase: 'connect',
    retry: 'safe',
  })

export const queueFull = 'NODE_QUEUE'

/**
 * The time to connect is over. @param socket of the connection: while it does not connect any more, the node has accepted it
 * and owes the answer to a handshake (TLS, SETTINGS of HTTP/2, CPONG), as a server with one thread does while it is busy.
 */
export const lateError = ({ connecting }: { readonly connecting: boolean }): TopspinError =>
  connecting
    ? connectError(undefined)
    : new TopspinError(handshakeLate, 'the node has accepted the connection, and is late', {
        side: 'node',
        phase: 'connect',
        retry: 'safe',
      })

export const handshakeLate = 'NODE_HANDSHAKE'

/** The connection was established and has closed. */
export function closedError(cause: Error | undefined): TopspinError {
  if (isShortage(cause)) return shortageError(cause, 'never')
  const text =
    tlsProblem(cause, nodeTlsSettings) ?? cause?.message ?? 'the node closed the connection'
  return new TopspinError('NODE_CLOSED', text, {
    side: 'node',
    phase: 'head',
    retry: 'if-idempotent',
    cause,
  })
}

/** The node has ended its side before the head of its response was complete. */
export function endedEarlyError(): TopspinError {
  return new TopspinError('NODE_CLOSED', 'the node closed the connection before it responded', {
    side: 'node',
    phase: 'head',
    retry: 'if-idempotent',
  })
}

/** The node has not processed the request: GOAWAY excludes its stream [RFC 9113 6.8]. */
export const goawayError = (code: number): TopspinError =>
  notProcessed('NODE_GOAWAY', `the node ended the connection (${codeName(code)})`)

/** The node has refused the stream before any processing [RFC 9113 8.7]. */
export const refusedError = (): TopspinError =>
  notProcessed('NODE_REFUSED', 'the node refused the stream')

/** The connection was lost before the request was sent. */
export const unsentError = (reason: string): TopspinError => notProcessed('NODE_CLOSED', reason)

/** The node has chosen HTTP/1.1 by ALPN, which is no failure. */
export const otherProtocolError = (): TopspinError =>
  notProcessed(otherProtocol, 'the node has chosen HTTP/1.1')

export const otherProtocol = 'NODE_ALPN'

/**
 * The node ends connections or chooses their protocol as it likes, or nothing has reached it: another attempt is no load
 * that was not expected.
 */
export const costsNothing = ({ code }: TopspinError): boolean =>
  code === otherProtocol || code === 'NODE_GOAWAY' || code === shortage

const notProcessed = (code: string, text: string): TopspinError =>
  new TopspinError(code, text, { side: 'node', phase: 'send', retry: 'safe' })

/** The node has reset the stream. */
export function resetError(code: number): TopspinError {
  return new TopspinError('NODE_RESET', `the node reset the stream (${codeName(code)})`, {
    side: 'node',
    phase: 'head',
    retry: 'if-idempotent',
  })
}

/** The node may be processing the request, so no other attempt is made. */
export function timeoutError(): TopspinError {
  return new TopspinError('NODE_TIMEOUT', 'the node did not respond in time', {
    side: 'node',
    phase: 'head',
    retry: 'never',
  })
}

/** The head of the request does not fit into an AJP packet. */
export function headLargeError(): TopspinError {
  const text = 'the head of the request does not fit into a packet'
  return new TopspinError('AJP_HEAD_LARGE', text, { side: 'client', phase: 'send' })
}
