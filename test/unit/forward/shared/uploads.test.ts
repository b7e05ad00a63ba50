// Which uploads leave when there are too many, in all and at one node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldLimits } from '../../../../src/base/limits.ts'
import { type Upload, Uploads } from '../../../../src/forward/shared/uploads.ts'

/** Uploads that note their names when they are displaced, as the stages do it. */
function bench(max: number, atNodeMax: number) {
  const uploads = new Uploads(max, atNodeMax)
  const displaced: string[] = []
  const add = (name: string, client: string, node: number, now: number): boolean => {
    if (!uploads.makeRoom(client, node, now)) return false
    const upload: Upload = {
      displace() {
        displaced.push(name)
        uploads.end(node, upload)
      },
    }
    uploads.note(client, node, upload, now)
    return true
  }
  return { uploads, displaced, add }
}

test('at one node a further upload displaces one that has stalled, and none at another node', () => {
  const { uploads, displaced, add } = bench(100, 2)
  assert.ok(add('a', '10.0.0.1', 1, 0))
  assert.ok(add('b', '10.0.0.2', 1, 0))
  assert.ok(add('other', '10.0.0.3', 2, 0))
  assert.ok(add('c', '10.0.0.4', 1, heldLimits.stalledMs))
  assert.deepEqual(displaced, ['a'])
  assert.equal(uploads.size, 3)
})

test('at one node the address with the most loses its oldest', () => {
  const { displaced, add } = bench(100, 3)
  for (const name of ['a', 'b', 'c']) add(name, '10.0.0.1', 1, 0)
  add('d', '10.0.0.2', 1, 1)
  assert.deepEqual(displaced, ['a'])
})

test('uploads that make progress may be more than that, up to the number in all', () => {
  const { uploads, displaced, add } = bench(4, 2)
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries())
    assert.ok(add(name, `10.0.0.${index}`, 1, 0))
  assert.deepEqual(displaced, [])
  assert.equal(add('e', '10.0.0.9', 1, 1), false)
  assert.equal(uploads.size, 4)
})
