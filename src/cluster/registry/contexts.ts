// The effect of *-APP and CONFIG on the contexts of one node (mcmp.md 2.3): contexts are created or set for every alias
// and path; the aliases of one message form a group with one vhost number (decisions 24, 28, 45, 46). Pure.

import type { ContextStatus } from '../../wire/mcmp/context-status.ts'
import { type Context, contextKey, ownStatusOf } from '../context.ts'
import type { Slots } from './slots.ts'

/** Free rows in the tables of aliases and contexts. */
export interface Room {
  readonly hosts: Slots
  readonly contexts: Slots
}

interface Put {
  readonly contexts: readonly Context[]
  /** Aliases of the message with the paths that now have the status; aliases without any are absent. */
  readonly touched: readonly { readonly alias: string; readonly contexts: readonly string[] }[]
  readonly failedAliases: readonly string[]
  readonly failedContexts: readonly { readonly alias: string; readonly path: string }[]
}

const fold = (alias: string): string => alias.toLowerCase()
/** A leading slash makes no difference (mcmp.md decision 23). */
const bare = (path: string): string => (path.startsWith('/') ? path.slice(1) : path)

/** @param change makes the row of a context that exists already. */
export function putContexts(
  before: readonly Context[],
  aliases: readonly string[],
  paths: readonly string[],
  status: ContextStatus,
  room: Room,
  change: (row: Context) => Context = (row) => withStatus(row, status, false),
): Put {
  const vhost = groupOf(before, aliases)
  const named = new Set(aliases.map(fold))
  const rows = new Map(
    before.map((row) => [contextKey(row), named.has(fold(row.alias)) ? { ...row, vhost } : row]),
  )
  const known = new Map<string, Pick<Context, 'alias' | 'hostSlot'>>()
  for (const row of before) if (!known.has(fold(row.alias))) known.set(fold(row.alias), row)
  const touched: { alias: string; contexts: string[] }[] = []
  const failedAliases: string[] = []
  const failedContexts: { alias: string; path: string }[] = []
  for (const alias of aliases) {
    let host = known.get(fold(alias))
    if (host === undefined && room.hosts.free === 0) {
      failedAliases.push(alias)
      continue
    }
    const done: string[] = []
    for (const path of paths) {
      const key = contextKey({ alias, path })
      const row = rows.get(key)
      const slot = row?.slot ?? room.contexts.allocate()
      if (slot === undefined) {
        failedContexts.push({ alias, path })
        continue
      }
      // The free row counted above is still there: an alias uses one with its first context.
      host ??= { alias, hostSlot: room.hosts.allocate() ?? 0 }
      rows.set(
        key,
        row === undefined
          ? created({ path, alias: host.alias, vhost, status, slot, hostSlot: host.hostSlot })
          : change(row),
      )
      done.push(path)
    }
    if (done.length > 0) touched.push({ alias, contexts: done })
  }
  return { contexts: [...rows.values()], touched, failedAliases, failedContexts }
}

const created = (row: Context): Context =>
  row.status === 'STOPPED' ? { ...row, isUnopened: true } : row

/**
 * A WildFly that shuts down sends DISABLE-APP, STOP-APP, and both again when it undeploys, by then suspended: a Java
 * node does not disable a stopped context (mcmp.md 2.3). It may disable what it has just created or configured.
 */
export function withStatus(row: Context, status: ContextStatus, fromJavaNode: boolean): Context {
  if (ownStatusOf(row) === 'STOPPED') {
    const staysStopped = status === 'DISABLED' && fromJavaNode && row.isUnopened !== true
    if (status === 'STOPPED' || staysStopped) return row
  }
  const { isUnopened, own, order, ...rest } = row
  return { ...rest, status }
}

/** The contexts after a CONFIG of their node: STOPPED ones may be disabled again. */
export const afterConfig = (contexts: readonly Context[]): readonly Context[] =>
  contexts.map((row) =>
    ownStatusOf(row) === 'STOPPED' && row.isUnopened !== true ? { ...row, isUnopened: true } : row,
  )

export function removeContexts(
  before: readonly Context[],
  aliases: readonly string[],
  paths: readonly string[],
): { readonly contexts: readonly Context[]; readonly touched: Put['touched'] } {
  const known = new Set(before.map((row) => fold(row.alias)))
  const doomedAliases = new Set(aliases.map(fold))
  const doomedPaths = new Set(paths.map(bare))
  return {
    contexts: before.filter(
      ({ alias, path }) => !(doomedAliases.has(fold(alias)) && doomedPaths.has(bare(path))),
    ),
    touched: aliases
      .filter((alias) => known.has(fold(alias)))
      .map((alias) => ({ alias, contexts: paths })),
  }
}

/** The vhost number of these aliases: that of a group of which no other alias is left, else the lowest free one. */
function groupOf(before: readonly Context[], aliases: readonly string[]): number {
  const named = new Set(aliases.map(fold))
  const staying = new Set(
    before.filter((row) => !named.has(fold(row.alias))).map((row) => row.vhost),
  )
  const absorbed = before.map((row) => row.vhost).filter((vhost) => !staying.has(vhost))
  if (absorbed.length > 0) return absorbed.reduce((least, vhost) => Math.min(least, vhost))
  let vhost = 1
  while (staying.has(vhost)) vhost += 1
  return vhost
}
