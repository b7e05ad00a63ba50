// What the primary and a traffic worker say to each other: JSON over the line that Node.js opens between
// them, in order in each direction.

import type { LiveFact } from '../../cluster/live-facts.ts'
import type { NodeFigures } from '../../cluster/live-sums.ts'
import type { Change } from '../../cluster/snapshot.ts'
import type { PlainCounts } from '../../cluster/traffic-counts.ts'
import type { TrafficSettings } from '../../config/traffic-settings.ts'
import type { ExplainQuestion, RequestExplanation } from '../../forward/index.ts'
import type { Address } from '../../proxy/index.ts'
import type { Reload } from '../data-plane.ts'

export type ToWorker =
  /** The answer to `hello`: everything a worker needs to begin. Answered by `listening` or `failed`. */
  | {
      readonly kind: 'start'
      readonly settings: TrafficSettings
      /** A file, `stdout` or `off`. */
      readonly accessLog: string
      readonly level: string
      readonly changes: readonly Change[]
      readonly facts: readonly LiveFact[]
    }
  /** Put in force; both may be empty, to ask for figures only. Answered by `figures` with the same number. */
  | {
      readonly kind: 'order'
      readonly number: number
      readonly changes: readonly Change[]
      readonly facts: readonly LiveFact[]
    }
  /** Answered by `explained` with the same number. */
  | { readonly kind: 'explain'; readonly number: number; readonly question: ExplainQuestion }
  | ({ readonly kind: 'reload' } & Reload)
  /** With a handle: one of those that were asked for. */
  | { readonly kind: 'copied'; readonly number: number }
  | { readonly kind: 'drain'; readonly deadlineMs: number }

export type StartMessage = Extract<ToWorker, { kind: 'start' }>

export type FromWorker =
  /** It listens to the primary from now on; what was sent before is lost. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly addresses: readonly Address[] }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | Figures
  | {
      readonly kind: 'explained'
      readonly number: number
      readonly explanation: RequestExplanation
    }
  /** With a listening handle: send it back so many times, each time is another one. */
  | { readonly kind: 'copy'; readonly number: number; readonly count: number }
  /** Traffic has found that a node is down. */
  | { readonly kind: 'down'; readonly id: number; readonly reason: string }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly detail: object
      readonly message: string
    }
  /** Lines of the access log for standard output, which belongs to the primary. */
  | { readonly kind: 'lines'; readonly text: string }

interface Figures {
  readonly kind: 'figures'
  /** The order that is now in force; absent when nobody asked. */
  readonly answers?: number
  /** Nodes whose numbers have changed since the last report. */
  readonly nodes: readonly NodeFigures[]
  /** Of clients, now. */
  readonly connections: number
  /** Since the worker started. */
  readonly counts: PlainCounts
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** An error as it goes over the line: what `listenFailure` looks for in a system error. */
export interface PlainError {
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
}

/** The innermost error: the system's own, when there is one. */
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
