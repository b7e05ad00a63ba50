// The status of a context (mcmp.md 2.3): its names, its numbers in INFO and DUMP, its order, and the command that
// sets it. Used by the codec, the registry and the manager page.

import type { AppMethod } from './message.ts'

/** ENABLED: takes every request; DISABLED: requests of its sessions only; STOPPED: none. */
export type ContextStatus = 'ENABLED' | 'DISABLED' | 'STOPPED'

/** `<Status id>` of INFO and `status:` of DUMP (mcmp.md 1.6). */
export const statusNumber: Readonly<Record<ContextStatus, number>> = {
  ENABLED: 1,
  DISABLED: 2,
  STOPPED: 3,
}

/** Sorts the most enabled status first: ENABLED, DISABLED, STOPPED. */
export const compareStatus = (a: ContextStatus, b: ContextStatus): number =>
  statusNumber[a] - statusNumber[b]

/** The status that a command sets (mcmp.md 2.3). */
export const statusAfter: Readonly<Record<Exclude<AppMethod, 'REMOVE-APP'>, ContextStatus>> = {
  'ENABLE-APP': 'ENABLED',
  'DISABLE-APP': 'DISABLED',
  'STOP-APP': 'STOPPED',
}
