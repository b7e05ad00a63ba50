// A context: an application path on a node under one host alias (mcmp.md 2.1, 2.3). Immutable.

import { isIP } from 'node:net'
import { hostKey, isAuthority } from '../wire/http/host.ts'
import type { ContextStatus } from '../wire/mcmp/context-status.ts'

export interface Context {
  /** Application path as sent, for example `/shop`; matched as `pathKey` returns it. */
  readonly path: string
  /** Host alias as first sent; matched case-insensitively (mcmp.md decision 24). */
  readonly alias: string
  /** Number of the alias group on its node, from 1; aliases of one message share it (mcmp.md decision 45). */
  readonly vhost: number
  /** The status that counts: the less enabled of the node's own and the one that an operator has ordered. */
  readonly status: ContextStatus
  /** The node's own status, where an order makes it less enabled. */
  readonly own?: ContextStatus
  /** What an operator has ordered (orders.ts); absent: nothing. */
  readonly order?: Exclude<ContextStatus, 'ENABLED'>
  /** STOPPED, and neither enabled nor disabled since it was created or since the node's last CONFIG. */
  readonly isUnopened?: true
  /** Row in the table of contexts of INFO and DUMP; reused after the context is gone. */
  readonly slot: number
  /** Row of its alias in the table of hosts; shared by all contexts of this node under this alias. */
  readonly hostSlot: number
}

/** The status that the node itself has given its context. */
export const ownStatusOf = ({ status, own = status }: Context): ContextStatus => own

/** Identifies a context of a node. Neither case of aliases nor a leading slash matter (mcmp.md decisions 23, 24). */
export const contextKey = ({ alias, path }: Pick<Context, 'alias' | 'path'>): string =>
  `${alias.toLowerCase()} ${path.startsWith('/') ? path.slice(1) : path}`

/** The canonical form of a path: `/shop/` and `shop` become `/shop`, the root becomes '' (mcmp.md decision 23). */
export function pathKey(path: string): string {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--
  const trimmed = path.slice(0, end)
  return trimmed === '' || trimmed.startsWith('/') ? trimmed : `/${trimmed}`
}

const SLASH = 0x2f

/**
 * An alias as it is matched: case-insensitively, without port and final dot. `*.shop.test` matches all names below
 * `shop.test`, and `*` every name that no other alias matches.
 */
export const aliasKey = (alias: string): string => hostKey(isIP(alias) === 6 ? `[${alias}]` : alias)

/** Whether an alias can match any Host at all. */
export const isMatchable = (alias: string): boolean => {
  const key = aliasKey(alias)
  if (key === '*') return true
  const name = Buffer.from(key.replace(/^\*\./, ''))
  return !name.includes('*') && isAuthority(name, 0, name.length, true)
}
