// What was decided about a request before Node.js has parsed it, kept on its socket until the server emits it:
// nobody decides, or counts, twice.

import type { Socket } from 'node:net'
import type { Choice } from '../choice/chooser.ts'

/** `came-back`: it was handed over, and no peer could answer. */
export type Decided = Exclude<Choice, { mode: 'proxy' }> | { readonly mode: 'came-back' }

export const cameBack: Decided = { mode: 'came-back' }

const decided: unique symbol = Symbol('decided')
type Told = Socket & { [decided]?: Decided | undefined }

/** Of the request that the socket's server will emit next; `undefined`: nobody has looked at it. */
export function tellDecided(socket: Told, what: Decided | undefined): void {
  socket[decided] = what
}

export function takeDecided(socket: Told): Decided | undefined {
  const what = socket[decided]
  if (what !== undefined) socket[decided] = undefined
  return what
}
