// How the stages of src/forward choose for a request that is handed over: the choice was made before, and
// after a failure it is made again by whoever hands it over.

import { stepOf } from '../../candidacy/candidacy.ts'
import { Cascade } from '../../candidacy/compose.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Exchange } from '../../forward/exchange.ts'

/** The client of such an exchange. */
export interface Choosing {
  /** Asked before each attempt; `undefined`: nobody is left. */
  choose(): Candidate | undefined
}

/** The cascade of all exchanges whose client is one that chooses. */
export const chosenBefore: Cascade = new Cascade(
  [
    stepOf('chosen before', {
      apply: (_, exchange) => {
        const { client } = exchange as Exchange & { client: Partial<Choosing> }
        return client.choose?.()?.alone ?? []
      },
      readsLatency: true,
    }),
  ],
  () => {},
)
