// The messages between the primary and a traffic worker: JSON over the channel of Node.js, in order in each direction.

import type { LiveFact } from '../../cluster/live-facts.ts'
import type { NodeFigures } from '../../cluster/live-sums.ts'
import type { ProcessShare } from '../../cluster/process-share.ts'
import type { RequestGrowth } from '../../cluster/request-times.ts'
import type { Change } from '../../cluster/snapshot.ts'
import type { PlainCounts } from '../../cluster/traffic-counts.ts'
import type { TrafficSettings } from '../../config/traffic-settings.ts'
import type { RequestFilter, SeenRequests } from '../../control/requests/request-filter.ts'
import type { ExplainQuestion, RequestExplanation } from '../../forward/index.ts'
import type { Address } from '../../proxy/index.ts'
import type { PlaneSettings } from '../data-plane.ts'
import type { Order } from './pending-order.ts'

export type ToWorker =
  /** After `hello`: everything that a worker needs. Orders may follow. */
  | (PlaneSettings & {
      readonly kind: 'start'
      readonly share: ProcessShare
      readonly changes: readonly Change[]
      readonly facts: readonly LiveFact[]
      /** Its responses end their connections from the start. */
      readonly isEnding: boolean
      readonly filters: readonly RequestFilter[]
    })
  /** After `start` and the sockets that are open. Answered by `listening` or `failed`. */
  | { readonly kind: 'listen' }
  /** With a handle, before `listen` or a reload: the socket for the address with this name is open already. */
  | { readonly kind: 'socket'; readonly key: string }
  /** Opens the addresses that are not open yet, before a reload. Answered by `opened` with the same number. */
  | {
      readonly kind: 'open'
      readonly number: number
      readonly listen: readonly Address[]
      readonly tls: TrafficSettings['tls']
    }
  /** To be put in force; it may be empty. Answered by `done`, or by `report` if it asks for figures, with the same number. */
  | ({ readonly kind: 'order'; readonly number: number } & Order)
  /** Answered by `explained` with the same number. */
  | { readonly kind: 'explain'; readonly number: number; readonly question: ExplainQuestion }
  /** Answered by `requests` as long as there are filters. */
  | { readonly kind: 'follow'; readonly filters: readonly RequestFilter[] }
  /** With a handle: one of the copies of the request with this number. */
  | { readonly kind: 'copied'; readonly number: number }
  /** From now on responses end their connections; new connections are still accepted. */
  | { readonly kind: 'announce-end' }
  | { readonly kind: 'drain'; readonly deadlineMs: number; readonly isReplaced: boolean }

export type StartMessage = Extract<ToWorker, { kind: 'start' }>

export type FromWorker =
  /** The worker receives messages from now on; earlier ones are lost. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly addresses: readonly Address[] }
  | { readonly kind: 'failed'; readonly error: PlainError }
  /** The order with this number is in force. */
  | { readonly kind: 'done'; readonly number: number }
  | WorkerNumbers
  | {
      readonly kind: 'explained'
      readonly number: number
      readonly explanation: RequestExplanation
    }
  /** With a handle, before `listening` and `opened`: the worker has opened the socket for this address. */
  | { readonly kind: 'socket'; readonly key: string }
  | {
      readonly kind: 'opened'
      readonly number: number
      readonly result: readonly Address[] | PlainError
    }
  /** Requests `count` copies of the handle on this socket. */
  | {
      readonly kind: 'copy'
      readonly number: number
      readonly key: string
      readonly count: number
    }
  /** The traffic has found that a node is down. */
  | {
      readonly kind: 'down'
      readonly id: number
      readonly reason: string
      readonly refused: boolean
    }
  /** A probe is due: a response of a node has failed, or a node that is down was reached. */
  | { readonly kind: 'suspect'; readonly id: number }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly detail: object
      readonly message: string
    }
  /** Requests that operators follow. */
  | ({ readonly kind: 'requests' } & SeenRequests)
  /** Lines of the access log for the primary's standard output. */
  | { readonly kind: 'lines'; readonly text: string }

interface WorkerNumbers {
  readonly kind: 'report'
  /** Number of the order that is now in force and asked for figures; absent in periodic reports. */
  readonly answers?: number
  /** Nodes whose numbers have changed since the last report. */
  readonly nodes: readonly NodeFigures[]
  /** What the times of requests have grown by since the last report. */
  readonly requests: readonly RequestGrowth[]
  /** Open client connections. */
  readonly connections: number
  /** Since the worker started. */
  readonly counts: PlainCounts
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** An error as JSON, with the fields that `listenFailure` reads. */
interface PlainError {
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
}

/** The innermost cause: the system's own error, when there is one. */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { message: String(error) }
  if (error.cause instanceof Error) return plainError(error.cause)
  const { message, code, syscall, address, port } = error as Error & PlainError
  return {
    message,
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
  }
}

export function errorFrom({ message, ...detail }: PlainError): Error {
  return Object.assign(new Error(message), detail)
}
