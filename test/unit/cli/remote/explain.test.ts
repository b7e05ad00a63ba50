// The text of `topspin explain` on terminals of different heights.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationText } from '../../../../src/cli/remote/explain.ts'
import type { Explanation } from '../../../../src/control/explanation.ts'

const url = 'http://shop.test/cart'

/** Of so many nodes, two of which are down; the last of the others is chosen. */
function explanationOf(count: number, hasReasons: boolean = true): Explanation {
  const nodes = Array.from({ length: count }, (_, index) => `shop-${index + 11}`)
  const usable = nodes.slice(2)
  const chosen = usable.at(-1) ?? ''
  const ordered = [chosen, ...usable.slice(0, -1)]
  const step = (name: string, before: readonly string[], after: readonly string[]) => ({
    ...{ name, before, after, failure: null },
    figures: after.map((node) => [node, 1.5] as const),
    reasons:
      name === 'byRoom' && hasReasons
        ? before.map((node, index) => ({
            node,
            figures: { inHand: index, knee: 1, ms: 20.5, cost: 48.28 },
            why: `${node}: one more request adds 48 ms (0 requests in hand, room for 1, usually 48 ms each)`,
          }))
        : [],
  })
  return {
    ...{
      refusal: null,
      rule: null,
      method: 'GET',
      isIdempotent: true,
      processes: [],
      agreement: '',
    },
    protocols: { clients: ['HTTP/1.1'], node: 'HTTP/1.1' },
    context: { path: '/', balancer: 'mycluster' },
    session: { present: false, by: null, route: null, domain: '', cookie: null },
    insert: { when: 'auto', name: 'TOPSPIN' },
    candidates: nodes.map((node, index) => ({
      ...{ node, status: 'ENABLED', loadFactor: 100, inFlight: 0 },
      health: index < 2 ? 'down' : 'up',
    })),
    steps: [
      step('usable', nodes, usable),
      ...['bySession', 'active', 'byDomain'].map((name) => step(name, usable, usable)),
      step('byRoom', usable, ordered),
    ],
    node: chosen,
    why: `byRoom chose ${chosen}: one more request adds the least time there, 48 ms (0 requests in hand, room for 1, usually 48 ms each); shop-13 would add 52 ms (1 request in hand)`,
  }
}

const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n')

test('of many candidates those that decide it fit a terminal of 80 by 24', () => {
  for (const hasReasons of [true, false]) {
    const text = explanationText(url, explanationOf(20, hasReasons), 80, 24)
    const lines = linesOf(text)
    // The prompt is the last line.
    assert.ok(lines.length <= 23, `${lines.length} lines:\n${text}`)
    assert.ok(
      lines.every((line) => line.length <= 80),
      text,
    )
    assert.match(text, /goes to shop-30: byRoom chose shop-30/)
    assert.match(text, /^usable +shop-11 shop-12 and 18 more +shop-13 shop-14 and 16 more$/m)
    // Those that fell out, then the chosen one in front of the others.
    assert.match(text, /^shop-11 +ENABLED +down/m)
    assert.match(text, /^shop-12 +ENABLED +down.*\n\n.*\nshop-30 /m)
    assert.match(lines.at(-1) ?? '', /^\d+ of 20 candidates; --verbose shows all, and why\.$/)
  }
})

test('all is shown where it fits, in a pipe, and when it is asked for', () => {
  const whole = explanationText(url, explanationOf(20), 80)
  assert.equal(whole.match(/one more request adds 48 ms/g)?.length, 18)
  assert.doesNotMatch(whole, /--verbose/)
  assert.equal(explanationText(url, explanationOf(20), 80, linesOf(whole).length + 1), whole)
})
