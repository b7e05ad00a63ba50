// Who calls the API, and what they may do.

import { isLoopback, plainAddress, unixClient } from '../../net/address.ts'
import type { Caller } from '../caller.ts'

/** `reader`: everything that changes nothing. `operator`: all. */
export type Role = 'reader' | 'operator'

export interface Actor {
  readonly role: Role
  /** Address of the caller; `unix` on a unix socket. */
  readonly from: string
}

/** With a secret, whoever has passed its check is an operator; without one, whoever is on this machine. */
export function actorOf({ remote }: Caller, hasSecret: boolean): Actor {
  const from = plainAddress(remote)
  const isHere = from === unixClient || isLoopback(from)
  return { role: hasSecret || isHere ? 'operator' : 'reader', from }
}
