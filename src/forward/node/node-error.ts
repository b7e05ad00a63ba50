// The error of a request whose connection to a node failed: the side that failed, and whether another attempt
// is safe.

import { TopspinError } from '../../base/errors.ts'
import { nodeTlsSettings, tlsProblem } from '../../net/connect-problem.ts'
import { isShortage } from '../../net/shortage.ts'

/** The connection could not be established. */
export function connectError(cause: Error | undefined): TopspinError {
  if (isShortage(cause)) return shortageError(cause)
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
function shortageError(cause: Error | undefined): TopspinError {
  return new TopspinError('SHORTAGE', `no connection can be used: ${cause?.message}`, {
    side: 'proxy',
    phase: 'connect',
    retry: 'never',
    cause,
  })
}

/** The connection was established and has closed. */
export function closedError(cause: Error | undefined): TopspinError {
  if (isShortage(cause)) return shortageError(cause)
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
