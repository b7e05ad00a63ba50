// An action of an operator, as it is asked for and as it is kept.

import type { Orders } from '../../cluster/orders.ts'
import type { Actor } from '../identity.ts'
import type { DrainProgress } from './drain.ts'

/** With a method of MCMP behind it. */
type StatusAction = 'enable' | 'disable' | 'stop' | 'remove'

type ActionName = StatusAction | 'drain' | 'eject' | 'readmit' | 'weight'

export interface ActionRequest {
  readonly action: ActionName
  /** At least one of `node`, `domain` and `context`. `node` and `domain` exclude each other. */
  readonly node?: string | undefined
  readonly domain?: string | undefined
  readonly context?: string | undefined
  /** With `context`: under this alias only. */
  readonly alias?: string | undefined
  /** For `weight`: percent, 1 to 100. */
  readonly weight?: number | undefined
  /** For `drain`: how long sessions may continue, ms. */
  readonly withinMs?: number | undefined
  /** For the record. */
  readonly reason?: string | undefined
}

export interface ActionRecord extends Omit<ActionRequest, 'action'> {
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly action: ActionName | 'undo'
  readonly by: Actor
  readonly nodes: readonly NodeOutcome[]
  /** The record that this one undoes. */
  readonly undoes?: number
  /** Where to POST in order to undo it; `null`: it cannot be undone. */
  readonly undo: string | null
  readonly drain?: DrainProgress
}

export interface NodeOutcome {
  readonly route: string
  readonly before: Orders
  readonly after: Orders
  /** Why nothing changed there; `null` when the order is in force. */
  readonly problem: string | null
}

export type ActionOutcome = { readonly ok: true; readonly record: ActionRecord } | ActionRefusal

export interface ActionRefusal {
  readonly ok: false
  readonly status: 400 | 404 | 409
  readonly detail: string
}

export const refused = (status: ActionRefusal['status'], detail: string): ActionRefusal => ({
  ok: false,
  status,
  detail,
})
