import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiExplanation } from '../../../../src/console/model/api.ts'
import { openingOf, stepsOf, verdictOf } from '../../../../src/console/model/explain-text.ts'

const explanation = (given: Partial<ApiExplanation>): ApiExplanation => ({
  refusal: null,
  rule: null,
  context: { path: '/shop', balancer: 'mycluster' },
  session: { present: false, by: null, route: null, domain: '', cookie: null },
  insert: null,
  candidates: [],
  steps: [],
  node: null,
  why: 'bySession chose b of 3',
  method: 'GET',
  isIdempotent: true,
  protocols: { clients: ['HTTP/1.1', 'h2'], node: 'h2c' },
  agreement: '',
  ...given,
})

const candidate = { status: 'ENABLED', health: 'up', loadFactor: 90, inFlight: 0 } as const

test('the verdict names the node and the reason', () => {
  assert.deepEqual(verdictOf(explanation({ node: 'b' })), {
    tone: 'good',
    text: 'This request goes to node b.',
    meaning: 'bySession chose b of 3.',
  })
})

test('answers of the proxy are told with what they mean', () => {
  const missing = verdictOf(explanation({ refusal: '404 NO_CONTEXT', context: null }))
  assert.equal(missing.text, 'The proxy answers 404 (NO_CONTEXT).')
  assert.match(missing.meaning, /^No registered node has a context for this host and path\./)
  const other = verdictOf(explanation({ refusal: '400 HTTP_FIELD', why: 'no request' }))
  assert.equal(other.meaning, 'no request. The proxy answers itself; no node is asked.')
})

test('the session is told with what it was recognised by', () => {
  const session = { present: true, by: 'id', route: 'b', domain: 'eu', cookie: null } as const
  const lines = openingOf(explanation({ session, candidates: [{ node: 'b', ...candidate }] }))
  assert.deepEqual(lines, [
    'The path belongs to context /shop of balancer mycluster, which b has.',
    "The request has a session on node b of domain eu (recognised by the application's session id).",
    'Clients speak HTTP/1.1 or h2, the node h2c. A GET may be sent again when an attempt fails.',
  ])
})

test('the rule that applies is told with what it does, also where no node is asked', () => {
  const rule = { number: 2, name: 'api', did: ['rule 2 (api) stripped /api'] }
  const lines = openingOf(explanation({ rule, candidates: [{ node: 'b', ...candidate }] }))
  assert.equal(lines[0], 'Rule 2 (api) stripped /api.')
  const did = ['rule 1 looks at the address of the client', 'rule 1 answers 403']
  const refused = explanation({
    rule: { number: 1, name: '', did },
    refusal: '403 RULE_ANSWER',
    context: null,
  })
  assert.deepEqual(openingOf(refused), [
    'Rule 1 looks at the address of the client.',
    'Rule 1 answers 403.',
  ])
})

test('each step tells who fell out and why', () => {
  const step = { figures: [], failure: null, reasons: [] }
  const steps = stepsOf(
    explanation({
      node: 'b',
      candidates: [
        { node: 'a', ...candidate, status: 'STOPPED', order: 'STOPPED', own: 'ENABLED' },
        { node: 'b', ...candidate },
        { node: 'c', ...candidate, health: 'down' },
      ],
      steps: [
        { ...step, name: 'usable', before: ['a', 'b', 'c'], after: ['b'] },
        { ...step, name: 'byRandom', before: ['b', 'd'], after: ['d', 'b'] },
        { ...step, name: 'own', before: ['b'], after: ['b'], failure: 'TypeError' },
        {
          ...step,
          name: 'byRoom',
          before: ['b', 'd'],
          after: ['b'],
          reasons: [
            { node: 'b', figures: { inHand: 3, knee: 4, ms: 37.2, cost: 48 }, why: 'b is first' },
            { node: 'd', figures: {}, why: 'd is slow' },
          ],
        },
      ],
    }),
  )
  assert.deepEqual(
    steps.map(({ text }) => text),
    [
      '2 of 3 fell out: a and c.',
      'All 2 stay, in another order: d and b.',
      'It failed (TypeError), and left the list as it was.',
      '1 of 2 fell out: d.',
    ],
  )
  assert.deepEqual(steps[0]?.rows, [
    {
      node: 'a',
      outcome: 'out',
      figures: '',
      why: 'its context is stopped by order of an operator (the node says enabled).',
    },
    { node: 'b', outcome: 'chosen', figures: '', why: '' },
    { node: 'c', outcome: 'out', figures: '', why: 'it is down.' },
  ])
  assert.deepEqual(steps[3]?.rows[0], {
    node: 'b',
    outcome: 'chosen',
    figures: '3 in hand, room for 4, usually 37 ms, one more adds 48 ms',
    why: 'b is first.',
  })
})

test('traffic processes that differ, and a method that is not repeated, are told', () => {
  const lines = openingOf(
    explanation({
      method: 'POST',
      isIdempotent: false,
      protocols: { clients: ['HTTP/1.1'], node: null },
      agreement: 'both traffic processes would do the same',
    }),
  )
  assert.deepEqual(lines.slice(-2), [
    'Clients speak HTTP/1.1. A POST is not sent again once a node may have begun it.',
    'Both traffic processes would do the same.',
  ])
})
