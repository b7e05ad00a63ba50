// Requests that wait for a place at a full node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NodeLive, newLive } from '../../../../src/cluster/live.ts'
import { type Queued, Queues } from '../../../../src/forward/shared/queues.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function fullNode(): NodeLive {
  return { ...newLive(), inFlight: 1, inFlightMax: 1, queueMax: 10 }
}

/** Requests that take a place at the first of their nodes that has one, and note it. */
class Bench {
  readonly faults: unknown[] = []
  readonly queues: Queues = new Queues((error) => this.faults.push(error))
  readonly events: string[] = []

  wait(name: string, nodes: readonly NodeLive[], key: object, until = 1_000): Queued {
    const queued: Queued = {
      admit: () => {
        const place = nodes.find(({ inFlight, inFlightMax }) => inFlight < inFlightMax)
        if (place === undefined) return false
        place.inFlight++
        this.queues.leave(queued)
        this.events.push(name)
        return true
      },
      expire: () => void this.events.push(`${name} late`),
    }
    this.queues.join(queued, key, nodes[0] as NodeLive, nodes, until)
    return queued
  }

  async release(node: NodeLive): Promise<void> {
    node.inFlight--
    this.queues.released(node)
    await turn()
  }
}

test('a place goes to the request that has waited longest, whatever its line', async () => {
  const bench = new Bench()
  const node = fullNode()
  const [a, b] = [{}, {}]
  bench.wait('1', [node], a)
  bench.wait('2', [node], b)
  bench.wait('3', [node], a)
  for (let i = 0; i < 3; i++) await bench.release(node)
  assert.deepEqual(bench.events, ['1', '2', '3'])
  assert.deepEqual([node.waiting, node.awaited], [0, 0])
})

test('a request waits for all nodes that may serve it, and takes the first place', async () => {
  const bench = new Bench()
  const [one, two] = [fullNode(), fullNode()]
  bench.wait('1', [one, two], {})
  assert.deepEqual([one.awaited, two.awaited, one.waiting, two.waiting], [1, 1, 1, 0])
  await bench.release(two)
  assert.deepEqual(bench.events, ['1'])
  assert.deepEqual([one.awaited, two.awaited, one.waiting], [0, 0, 0])
})

test('a request in front that cannot use a place does not hold up those behind it', async () => {
  const bench = new Bench()
  const [one, two] = [fullNode(), fullNode()]
  const key = {}
  bench.wait('only at two', [two], key)
  bench.wait('at one', [one], key)
  await bench.release(one)
  assert.deepEqual(bench.events, ['at one'])
})

test('a request that has left gets no place, and its queue has room again', async () => {
  const bench = new Bench()
  const node = fullNode()
  const gone = bench.wait('gone', [node], {})
  bench.queues.leave(gone)
  bench.queues.leave(gone)
  assert.equal(node.waiting, 0)
  await bench.release(node)
  assert.deepEqual(bench.events, [])
})

test('a request leaves its queue at its deadline, those behind it do not', () => {
  const bench = new Bench()
  const node = fullNode()
  bench.wait('1', [node], {}, 500)
  bench.wait('2', [node], {}, 600)
  bench.queues.tick(499)
  assert.deepEqual(bench.events, [])
  bench.queues.tick(500)
  assert.deepEqual(bench.events, ['1 late'])
  assert.equal(node.waiting, 1)
})

test('places that no request has left are found at the next tick', () => {
  const bench = new Bench()
  const node = fullNode()
  bench.wait('1', [node], {})
  bench.wait('2', [node], {})
  node.inFlightMax = 3
  bench.queues.tick(1)
  assert.deepEqual(bench.events, ['1', '2'])
})

test('a request that throws does not hold up the others', async () => {
  const bench = new Bench()
  const node = fullNode()
  const key = {}
  const bad: Queued = {
    admit: () => {
      bench.queues.leave(bad)
      throw new Error('fault')
    },
    expire: () => {},
  }
  bench.queues.join(bad, key, node, [node], 1_000)
  bench.wait('2', [node], key)
  await bench.release(node)
  assert.deepEqual(bench.events, ['2'])
  assert.equal(bench.faults.length, 1)
})
