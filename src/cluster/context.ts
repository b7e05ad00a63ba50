// A context: an application path on a node under one host alias (mcmp.md 2.1, 2.3). Immutable.

import type { ContextStatus } from '../wire/mcmp/context-status.ts'

export interface Context {
  /** Application path as sent, for example `/shop`; matched as if it had one slash in front. */
  readonly path: string
  /** Host alias as first sent; matched without regard to case (mcmp.md decision 24). */
  readonly alias: string
  /** Number of the alias group on its node, from 1: aliases that arrived together share it (decision 45). */
  readonly vhost: number
  readonly status: ContextStatus
  /** Row in the table of contexts of INFO and DUMP; used again after it is gone. */
  readonly slot: number
  /** Row of its alias in the table of hosts; all contexts of this node under this alias share it. */
  readonly hostSlot: number
}

/** A path as it is matched: `/shop/` and `shop` are `/shop`; the root is the empty string (mcmp.md decision 23). */
export function pathKey(path: string): string {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--
  const trimmed = path.slice(0, end)
  return trimmed === '' || trimmed.startsWith('/') ? trimmed : `/${trimmed}`
}

const SLASH = 0x2f
