// Which requests an operator follows. Pure; read by every process that serves traffic while somebody follows requests.

import type { AccessEntry } from '../../forward/index.ts'

/** All that is given has to fit. */
export interface RequestFilter {
  /** A status as `404`, or a class as `5xx`; `0` for clients that were gone before there was a response. */
  readonly status?: string | undefined
  /** Beginning of the path. */
  readonly path?: string | undefined
  /** Route of the node that answered. */
  readonly node?: string | undefined
  /** Address of the client. */
  readonly client?: string | undefined
  /** Those that took this many ms or more. */
  readonly slowerThan?: number | undefined
  /** Those that were sent to nodes more than once. */
  readonly retried?: 'yes' | undefined
}

export const statusFilterForm: RegExp = /^(?:0|[1-5]xx|[1-5][0-9][0-9])$/

export function isFollowed(
  { status, path, node, client, slowerThan, retried }: RequestFilter,
  entry: Pick<AccessEntry, 'status' | 'target' | 'route' | 'client' | 'durationMs' | 'attempts'>,
): boolean {
  if (retried !== undefined && entry.attempts < 2) return false
  if (slowerThan !== undefined && entry.durationMs < slowerThan) return false
  if (client !== undefined && entry.client !== client) return false
  if (node !== undefined && entry.route !== node) return false
  if (path !== undefined && !entry.target.startsWith(path)) return false
  return status === undefined || isStatus(status, entry.status)
}

/** @param wanted a status as `404`, or a class as `5xx`. */
export function isStatus(wanted: string, status: number): boolean {
  const text = String(status)
  return wanted.endsWith('xx')
    ? text.startsWith(wanted.slice(0, 1)) && text !== '0'
    : text === wanted
}

/** Requests of one process since its last report. */
export interface SeenRequests {
  readonly requests: readonly AccessEntry[]
  /** Requests that were too many to be shown. */
  readonly skipped: number
}
