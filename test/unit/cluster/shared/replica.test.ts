import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order } from '../../../../src/cluster/shared/order.ts'
import { Replica } from '../../../../src/cluster/shared/replica.ts'
import type { Version } from '../../../../src/cluster/shared/versions.ts'

const version = (run: number, text: string): Version => ({ order: [run, 0, 0] as Order, text })

/** A replica that has seen one version at revision 7. */
function replicaWith(seen: Version): Replica {
  const replica = new Replica()
  replica.beginListing('1')
  replica.see('n.a', { revision: 7, version: seen })
  replica.endListing()
  return replica
}

test('a later version under the same revision counts: the store had lost the one that was seen', () => {
  const replica = replicaWith(version(1, 'old'))
  replica.beginListing('1')
  assert.equal(replica.see('n.a', { revision: 7, version: version(2, 'new') }), true)
  replica.endListing()
  assert.equal(replica.version('n.a')?.text, 'new')
  assert.equal(replica.isUnwritten('n.a'), false)
})

test('an earlier version that the store tells is written over by the one that was seen', () => {
  for (const revision of [5, 7]) {
    const replica = replicaWith(version(2, 'new'))
    replica.find('n.a', { revision, version: version(1, 'old') })
    assert.equal(replica.version('n.a')?.text, 'new')
    assert.equal(replica.isUnwritten('n.a'), true)
    assert.equal(replica.revision('n.a'), revision)
  }
})

test('the same version told again is no news', () => {
  const replica = replicaWith(version(1, 'a'))
  assert.equal(replica.find('n.a', { revision: 7, version: version(1, 'a') }), false)
  assert.equal(replica.isUnwritten('n.a'), false)
})

test('an event that comes late, outside of a listing, is no news', () => {
  const replica = replicaWith(version(2, 'new'))
  assert.equal(replica.see('n.a', { revision: 5, version: version(1, 'old') }), false)
  assert.equal(replica.version('n.a')?.text, 'new')
  assert.equal(replica.revision('n.a'), 7)
})

test('a record that cannot be used takes nothing away, and is written over by the next version alone', () => {
  const replica = replicaWith(version(1, 'a'))
  assert.equal(replica.see('n.a', { revision: 8, unusable: 'broken' }), false)
  assert.equal(replica.version('n.a')?.text, 'a')
  assert.equal(replica.revision('n.a'), 8)
  assert.deepEqual([...replica.unwritten], [])
  replica.accept('n.a', version(2, 'b'))
  assert.deepEqual([...replica.unwritten], ['n.a'])
})

test('a record of another form is not written over until one of this form takes its place', () => {
  const replica = replicaWith(version(1, 'a'))
  replica.see('n.a', { revision: 8, unusable: 'foreign' })
  replica.accept('n.a', version(5, 'b'))
  assert.equal(replica.version('n.a')?.text, 'b')
  assert.equal(replica.isForeign('n.a'), true)
  assert.deepEqual([...replica.unwritten], [])
  // It is there, so it is not missing from a listing.
  replica.beginListing('1')
  replica.see('n.a', { revision: 8, unusable: 'foreign' })
  replica.endListing()
  assert.equal(replica.isForeign('n.a'), true)
  replica.see('n.a', { revision: 9, version: version(3, 'c') })
  assert.equal(replica.isForeign('n.a'), false)
  assert.deepEqual([...replica.unwritten], ['n.a'], 'the later one is written')
})

test('a record of another form that is gone from the store is no hindrance', () => {
  const replica = replicaWith(version(1, 'a'))
  replica.see('n.a', { revision: 8, unusable: 'foreign' })
  replica.beginListing('1')
  replica.endListing()
  assert.deepEqual([...replica.unwritten], ['n.a'])
})
