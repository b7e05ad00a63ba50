import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnderWay } from '../../../../src/peer/hand-over/under-way.ts'

test('requests of all ways are counted and abandoned together', () => {
  const all = new UnderWay()
  const calls: string[] = []
  for (const [name, count] of [
    ['raw', 2],
    ['parsed', 3],
  ] as const) {
    all.add({
      count,
      abandonPeer: (id) => calls.push(`${name} peer ${id}`),
      abandonAll: () => calls.push(`${name} all`),
      cutPeer: (id: number) => calls.push(`${name} cut ${id}`),
    })
  }
  assert.equal(all.count, 5)
  all.abandonPeer(7)
  all.abandonAll()
  all.cutPeer(7)
  const parted = ['raw peer 7', 'parsed peer 7', 'raw all', 'parsed all']
  assert.deepEqual(calls, [...parted, 'raw cut 7', 'parsed cut 7'])
})
