// Requests that go no further than here, whatever the cluster looks like: messages of nodes that came to
// the wrong door, those that have used up their Max-Forwards, and those that we have forwarded before.

import { VIA } from '../../wire/http/field-name.ts'
import { LOOP, problemOf } from '../../wire/http/problem.ts'
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
  const { head } = exchange
  if (!head.isCommon && methodOf(head.method) !== undefined) return notHere
  // Max-Forwards concerns OPTIONS and TRACE [RFC 9110 7.6.2]; TRACE is refused by the parser.
  if (head.maxForwards >= 0 && head.method === 'OPTIONS') {
    if (/^0+$/.test(head.fields.value(head.maxForwards))) return lastHop
  }
  return head.via >= 0 && isLoop(exchange) ? problemOf(LOOP) : undefined
}

/** A Via entry is ours when it ends in our pseudonym [RFC 9110 7.6.3]. */
function isLoop(exchange: Exchange): boolean {
  const { fields } = exchange.head
  const own = exchange.traffic.settings.via
  for (let f = 0; f < fields.count; f++) {
    if (fields.kind(f) !== VIA) continue
    for (const entry of fields.value(f).split(',')) {
      if (entry.trim().split(/[ \t]+/)[1] === own) return true
    }
  }
  return false
}
