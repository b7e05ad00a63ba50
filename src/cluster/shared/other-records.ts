// The settings of a balancer and the orders of operators, as proxies share them. Pure.

import { mcmpLimits } from '../../base/limits.ts'
import { compareStatus, statusNumber } from '../../wire/mcmp/context-status.ts'
import { byteLength, fieldBytesMax, illegal } from '../../wire/mcmp/fields.ts'
import type { Balancer } from '../balancer.ts'
import { contextKey } from '../context.ts'
import { type ContextOrder, noOrders, type OrderedStatus, type Orders } from '../orders.ts'
import type { Snapshot } from '../snapshot.ts'
import { hasShape, isPlainObject } from './shape.ts'

/** The row is each proxy's own. */
export type BalancerRecord = Omit<Balancer, 'slot'>

type Read<Record> =
  | { readonly record: Record; readonly text: string }
  | { readonly problem: string }

export function balancerText({ balancers }: Snapshot, name: string): string | undefined {
  const balancer = balancers.get(name)
  return balancer === undefined ? undefined : JSON.stringify(balancerFields(balancer))
}

const balancerFields = (balancer: BalancerRecord): BalancerRecord => ({
  name: balancer.name,
  sticky: balancer.sticky,
  cookie: balancer.cookie,
  pathParameter: balancer.pathParameter,
  stickyRemove: balancer.stickyRemove,
  stickyForce: balancer.stickyForce,
  ...(balancer.isForceDefault === true ? { isForceDefault: true } : {}),
  waitMs: balancer.waitMs,
  maxAttempts: balancer.maxAttempts,
})

export function readBalancer(name: string, value: unknown): Read<BalancerRecord> {
  const isBalancer = (given: unknown): given is BalancerRecord =>
    hasShape(given, {
      name: 'string',
      sticky: 'boolean',
      cookie: 'string',
      pathParameter: 'string',
      stickyRemove: 'boolean',
      stickyForce: 'boolean',
      isForceDefault: 'boolean?',
      waitMs: 'number',
      maxAttempts: 'number',
    })
  if (!isBalancer(value)) return { problem: 'not the settings of a balancer' }
  if (value.name !== name) return { problem: 'the name is not that of the key' }
  const names = [value.cookie, value.pathParameter]
  const isNamed =
    byteLength(name) <= fieldBytesMax.balancer &&
    names.every((each) => each !== '' && byteLength(each) <= fieldBytesMax.cookie) &&
    ![name, ...names].some((each) => illegal.test(each) || each.includes(','))
  const numbers = [value.waitMs, value.maxAttempts]
  if (!isNamed || numbers.some((each) => !Number.isSafeInteger(each) || each < 0))
    return { problem: 'a setting of the balancer breaks the rules of messages' }
  const record = balancerFields(value)
  return { record, text: JSON.stringify(record) }
}

export function ordersText({ orders }: Snapshot, route: string): string {
  return textOfOrders(orders.get(route) ?? noOrders(route))
}

function textOfOrders({ route, node, contexts, ejected, weight }: Orders): string {
  const rows = contexts.map(({ alias, path, status }) => ({ alias, path, status }))
  rows.sort(
    (a, b) => compareText(contextKey(a), contextKey(b)) || compareStatus(a.status, b.status),
  )
  return JSON.stringify({
    route,
    ...(node === undefined ? {} : { node }),
    ...(ejected === true ? { ejected } : {}),
    ...(weight === undefined ? {} : { weight }),
    contexts: rows,
  })
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export function readOrders(route: string, value: unknown): Read<Orders> {
  if (!isPlainObject(value)) return { problem: 'not orders of operators' }
  const { node, contexts, ejected, weight } = value
  if (value['route'] !== route || byteLength(route) > fieldBytesMax.route || illegal.test(route))
    return { problem: 'the route is not that of the key' }
  if (node !== undefined && node !== 'DISABLED' && node !== 'STOPPED')
    return { problem: 'the order for the node is unknown' }
  if (ejected !== undefined && ejected !== true) return { problem: 'ejected is not true' }
  const isShare = Number.isInteger(weight) && (weight as number) >= 1 && (weight as number) <= 99
  if (weight !== undefined && !isShare) return { problem: 'the weight is not from 1 to 99' }
  if (!Array.isArray(contexts) || contexts.length > mcmpLimits.ordersMax)
    return { problem: 'contexts are no list, or too many' }
  const rows = contexts as readonly unknown[]
  if (!rows.every(isContextOrder)) return { problem: 'an order breaks the rules of messages' }
  const order = {
    ...(node === undefined ? {} : { node: node as OrderedStatus }),
    ...(ejected === true ? { ejected: true as const } : {}),
    ...(weight === undefined ? {} : { weight: weight as number }),
  }
  const text = textOfOrders({ route, ...order, contexts: rows })
  return { record: JSON.parse(text) as Orders, text }
}

function isContextOrder(row: unknown): row is ContextOrder {
  const isRow = (given: unknown): given is Readonly<Record<'alias' | 'path' | 'status', string>> =>
    hasShape(given, { alias: 'string', path: 'string', status: 'string' })
  if (!isRow(row) || !Object.hasOwn(statusNumber, row.status)) return false
  const isShort =
    byteLength(row.alias) <= fieldBytesMax.alias && byteLength(row.path) <= fieldBytesMax.context
  return isShort && !illegal.test(row.alias) && !illegal.test(row.path)
}
