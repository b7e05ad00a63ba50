// Where the requests of a joined server may be forwarded: to its peers (policy.ts), or to the server behind
// `topspin peer` (front/target.ts).

import type { Application, Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import type { ArrivedRequest } from './request-views.ts'

export interface Destinations {
  readonly traffic: Traffic
  /** All candidates, as an application for the stages of an exchange. */
  readonly application: Application
  /**
   * The next candidate after a failure; `undefined` when there is none.
   * @param request valid during the call only.
   * @param tried `node.id` of the candidates that failed.
   */
  another(request: ArrivedRequest, tried: readonly number[]): Candidate | undefined
}
