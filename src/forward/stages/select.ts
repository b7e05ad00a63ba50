// Still stage 3: what a recalled session settles: the application that serves the request, and the node that an id names.

import type { Balancer } from '../../cluster/balancer.ts'
import type { Node } from '../../cluster/node.ts'
import type { Application, Routes } from '../../cluster/routes.ts'
import { routesOf } from '../../wire/session.ts'
import type { ChoiceState } from '../exchange-state.ts'

export function select(choice: ChoiceState, application: Application): void {
  choice.application = application
  choice.balancer = application.balancer
}

/** The first node of the balancer that the session id names. */
export function nodeOf(sessionId: string, balancer: Balancer, routes: Routes): Node | undefined {
  for (const route of routesOf(sessionId)) {
    const node = routes.node(route)
    if (node?.balancer === balancer.name) return node
  }
  return undefined
}
