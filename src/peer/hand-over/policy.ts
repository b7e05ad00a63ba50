// Decides where a request goes. Both ways of handing over share it: for connections that we read first (raw/), and for
// requests that Node.js has parsed (parsed/).

import type { Application, Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { type Choice, type Chooser, here } from '../choice/choice.ts'
import type { Destinations } from './destinations.ts'
import type { ArrivedRequest } from './request-views.ts'

export class HandOverPolicy implements Destinations {
  readonly traffic: Traffic
  readonly #chooser: Chooser

  constructor(traffic: Traffic, chooser: Chooser) {
    this.traffic = traffic
    this.#chooser = chooser
  }

  get application(): Application {
    return this.#chooser.application
  }

  /** Every request is served here. */
  get isOff(): boolean {
    return this.#chooser.isOff
  }

  /** @param request valid during the call only. */
  choose(request: ArrivedRequest): Choice {
    const choice = this.#chooser.first(request)
    if (choice.mode !== 'proxy' && choice.mode !== 'asking') return choice
    // A request that this server has forwarded comes back where peers do not accept each other's marks.
    if (!request.hasPassed(this.traffic.settings.via)) return choice
    if (choice.mode === 'asking') choice.pending.cancel()
    return here
  }

  another(request: ArrivedRequest, tried: readonly number[]): Candidate | undefined {
    const choice = this.#chooser.again(request, tried)
    return choice.mode === 'proxy' ? choice.candidate : undefined
  }
}
