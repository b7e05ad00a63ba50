// The decision about a request that was made before Node.js has parsed it. It is kept on the socket until the server
// emits the request, so that no request is decided or counted twice.

import type { Socket } from 'node:net'
import type { Decided } from '../choice/choice.ts'

/** `came-back`: the request was handed over, and no peer answered. */
export type KeptDecision = Exclude<Decided, { mode: 'proxy' }> | { readonly mode: 'came-back' }

export const cameBack: KeptDecision = { mode: 'came-back' }

const kept: unique symbol = Symbol('decision')
type Deciding = Socket & { [kept]?: KeptDecision | undefined }

/** About the next request that the server emits on this socket. */
export function keepDecision(socket: Deciding, decision: KeptDecision | undefined): void {
  socket[kept] = decision
}

/** Returns the decision and forgets it; `undefined` when none was made. */
export function useDecision(socket: Deciding): KeptDecision | undefined {
  const decision = socket[kept]
  if (decision !== undefined) socket[kept] = undefined
  return decision
}
