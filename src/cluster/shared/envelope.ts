// The text of a record in the shared store: its body, with the order that decides between two of them, and who wrote it. Pure.

import type { Order } from './order.ts'
import { isPlainObject } from './shape.ts'

/** The form of the records. A proxy leaves records of another form alone. */
const form = 1

export interface Envelope {
  readonly order: Order
  /** Name of the proxy that wrote it, and when by its clock, ms since 1970: for people. */
  readonly by: string
  readonly at: number
  /** The last load factor of the node, for a proxy that starts. */
  readonly factor?: number | undefined
}

/** Why a record is not used. */
export interface Unusable {
  readonly problem: string
  /** It is of another version of Topspin, which can read it. */
  readonly isForeign?: true
}

export function writeEnvelope(envelope: Envelope, body: string): string {
  const { order, by, at, factor } = envelope
  const head = JSON.stringify({
    v: form,
    order,
    by,
    at,
    ...(factor === undefined ? {} : { factor }),
  })
  return `${head.slice(0, -1)},"body":${body}}`
}

export function readEnvelope(
  text: string,
): { readonly envelope: Envelope; readonly body: unknown } | Unusable {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'it is not JSON' }
  }
  if (!isPlainObject(value)) return { problem: 'it is not a record' }
  const { v, order, by, at, factor, body } = value
  if (v !== form)
    return {
      problem: `it has form ${String(v)}, and this version reads form ${form}`,
      isForeign: true,
    }
  if (!isOrder(order) || typeof by !== 'string' || typeof at !== 'number')
    return { problem: 'order, by or at is missing' }
  const isFactor = Number.isInteger(factor) && (factor as number) >= -1 && (factor as number) <= 100
  const load = isFactor ? { factor: factor as number } : {}
  return { envelope: { order, by: by.slice(0, 100), at, ...load }, body }
}

const isOrder = (value: unknown): value is Order =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((part) => Number.isSafeInteger(part) && (part as number) >= 0)
