import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  nothingKnown,
  onAccepted,
  onLost,
  onSeen,
  revisionOf,
  type Version,
  versionOf,
} from '../../../../src/cluster/shared/versions.ts'

const version = (run: number, text: string): Version => ({ order: [run, 0, 0], text })

test('a version that is seen counts, and the next one is written upon its revision', () => {
  const known = onSeen(nothingKnown, { revision: 7, version: version(1, 'a') })
  assert.deepEqual(versionOf(known), version(1, 'a'))
  assert.equal(revisionOf(known), 7)
})

test('an event that comes twice or late is no news', () => {
  const known = onSeen(nothingKnown, { revision: 7, version: version(1, 'a') })
  assert.equal(onSeen(known, { revision: 7, version: version(1, 'a') }), known)
  assert.equal(onSeen(known, { revision: 6, version: version(0, 'z') }), known)
})

test('of a version that waits to be written and one that is seen, the later order counts', () => {
  const waits = onAccepted(nothingKnown, version(5, 'mine'))
  const earlier = onSeen(waits, { revision: 3, version: version(4, 'theirs') })
  assert.deepEqual(versionOf(earlier), version(5, 'mine'))
  assert.equal(revisionOf(earlier), 3)
  const later = onSeen(earlier, { revision: 4, version: version(6, 'theirs') })
  assert.deepEqual(later, { seen: { revision: 4, version: version(6, 'theirs') } })
})

test('a store that goes back behind what was seen gets the later version again', () => {
  const known = onSeen(nothingKnown, { revision: 7, version: version(9, 'new') })
  const after = onSeen(known, { revision: 8, version: version(2, 'old') })
  assert.deepEqual(after.unwritten, version(9, 'new'))
})

test('a version stays when the store has lost it, and goes when somebody deletes it', () => {
  const known = onSeen(nothingKnown, { revision: 7, version: version(1, 'a') })
  assert.deepEqual(onLost(known), { unwritten: version(1, 'a') })
  const deleted = onSeen(known, { revision: 9 })
  assert.equal(versionOf(deleted), undefined)
  assert.equal(revisionOf(deleted), 9)
})
