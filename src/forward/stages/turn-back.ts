// Requests that go no further than here, whatever the cluster looks like: messages of nodes that came to
// the wrong door, those that have used up their Max-Forwards, and those that we have forwarded before.

import { LOOP, problemOf } from '../../wire/http/problem.ts'
import { hasPassed } from '../../wire/http/via.ts'
import { methodOf } from '../../wire/mcmp/parse.ts'
import type { Exchange } from '../exchange.ts'
import type { Refusal } from './refusal.ts'

const lastHop: Refusal = { status: 200, code: 'MAX_FORWARDS', text: 'this proxy answers' }

/** MCMP is spoken on the control listener and nowhere else (mcmp.md decision 1). */
const notHere: Refusal = {
  status: 501,
  code: 'MCMP_METHOD',
  text: 'nodes register at the control listener, not here',
}

export function turnBack(exchange: Exchange): Refusal | undefined {
  const { head, traffic } = exchange
  if (!head.isCommon && methodOf(head.method) !== undefined) return notHere
  // Max-Forwards concerns OPTIONS and TRACE [RFC 9110 7.6.2]; TRACE is refused by the parser.
  if (head.maxForwards >= 0 && head.method === 'OPTIONS') {
    if (/^0+$/.test(head.fields.value(head.maxForwards))) return lastHop
  }
  return head.via >= 0 && hasPassed(head.fields, traffic.settings.via) ? problemOf(LOOP) : undefined
}
