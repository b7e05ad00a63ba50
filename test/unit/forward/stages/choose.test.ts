import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, exclude, findCascade } from '../../../../src/forward/stages/choose.ts'
import { contextOf } from '../../../support/cluster-fixture.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  requestText,
  routed,
} from '../../../support/exchange-fixture.ts'

const two: ExchangeGiven = { nodes: [{ factor: 50 }, { factor: 100 }] }

test('the head of the list that the cascade leaves is chosen', () => {
  const fixture = exchangeOf(undefined, { ...two, candidacy: ['byInFlight'] })
  const [first, second] = routed(fixture)
  const { choice, traffic } = fixture.state
  assert.ok(first !== undefined && second !== undefined)
  second.live.inFlight = 1
  assert.equal(choose(choice, traffic.chosenAt), first)
  first.live.inFlight = 2
  assert.equal(choose(choice, traffic.chosenAt), second)
})

test('a request to upgrade goes to a node that is not reached over AJP, if there is one', () => {
  const upgrade = requestText('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: chat')
  const fixture = exchangeOf(upgrade, {
    nodes: [{ type: 'ajp' }, { type: 'http' }, { type: 'ajp' }],
  })
  const [, http] = routed(fixture)
  const { choice, traffic } = fixture.state
  assert.ok(http !== undefined)
  for (let n = 0; n < 6; n++) assert.equal(choose(choice, traffic.chosenAt), http)
  exclude(choice, http)
  assert.equal(choose(choice, traffic.chosenAt)?.node.type, 'ajp')
})

test('nothing is chosen when no node is usable', () => {
  const fixture = exchangeOf(undefined, { nodes: [{ contexts: [contextOf('/', 'STOPPED')] }] })
  routed(fixture)
  assert.equal(choose(fixture.state.choice, fixture.state.traffic.chosenAt), undefined)
})

test('an excluded node is not chosen again for the request', () => {
  const fixture = exchangeOf(undefined, two)
  routed(fixture)
  const { choice, traffic } = fixture.state
  const chosen = [choose(choice, traffic.chosenAt)]
  assert.ok(chosen[0] !== undefined)
  exclude(choice, chosen[0])
  chosen.push(choose(choice, traffic.chosenAt))
  assert.deepEqual(chosen.map((candidate) => candidate?.node.id).toSorted(), [1, 2])
  exclude(choice, chosen[1]!)
  assert.equal(choose(choice, traffic.chosenAt), undefined)
})

test('the caller of forwardTo chooses instead of the cascade, and gets the failed nodes', () => {
  const fixture = exchangeOf(undefined, two)
  const [first, second] = routed(fixture)
  const { choice, traffic } = fixture.state
  const seen: (readonly number[])[] = []
  choice.chooser = (tried) => {
    seen.push(tried)
    return second
  }
  assert.equal(choose(choice, traffic.chosenAt), second)
  exclude(choice, first!)
  choose(choice, traffic.chosenAt)
  assert.deepEqual(seen, [[], [1]])
})

test('the cascade is that of the longest configured path, also inside one context', () => {
  const balance = [{ path: '/a/b', candidacy: ['byRandom'] }]
  for (const [target, name] of [
    ['/a', 'byInFlight'],
    ['/a/b/c', 'byRandom'],
  ] as const) {
    const given = { candidacy: ['byInFlight'], balance }
    const fixture = exchangeOf(requestText(`GET ${target} HTTP/1.1`), given)
    routed(fixture)
    assert.equal(fixture.state.choice.cascade.steps.at(-1)?.name, name, target)
  }
})

test('the request is there as text only for a cascade that reads it', () => {
  const plain = exchangeOf(undefined, two)
  routed(plain)
  assert.equal(plain.state.choice.request, undefined)
  const reading = exchangeOf(requestText('POST /p?q HTTP/1.1', 'X-User: me', 'X-User: you'), {
    candidacy: ['./own.js#byUser'],
    policies: new Map([['./own.js#byUser', (candidates) => candidates]]),
  })
  routed(reading)
  const { request } = reading.state.choice
  assert.deepEqual(
    [request?.method, request?.target, request?.host, request?.client, request?.field('x-user')],
    ['POST', '/p?q', 'www.example.com', '192.0.2.1', 'me'],
  )
})

test('latency is measured only for a cascade that reads it', () => {
  const fixture = exchangeOf(undefined, two)
  routed(fixture)
  const { request, choice, traffic } = fixture.state
  assert.equal(choice.readsLatency, false)
  const reading = exchangeOf(undefined, { candidacy: ['byLatency'] }).state.traffic
  findCascade(request, choice, reading, '')
  assert.equal(choice.readsLatency, true)
  findCascade(request, choice, traffic, '')
  assert.equal(choice.readsLatency, false)
})
