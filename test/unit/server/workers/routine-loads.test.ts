import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../src/cluster/snapshot.ts'
import { RoutineLoads } from '../../../../src/server/workers/routine-loads.ts'

const load = (id: number, factor: number): Change => ({ kind: 'load', id, factor })

test('a report is routine when the node was active before and still is', () => {
  const loads = new RoutineLoads()
  assert.equal(loads.see([load(1, 50)]), false, 'the first one makes it active')
  assert.equal(loads.see([load(1, 60)]), true)
  assert.equal(loads.see([load(1, 60), load(2, 60)]), false, 'the other one becomes active')
  assert.equal(loads.see([load(1, 1), load(2, 100)]), true)
  for (const factor of [0, -1]) {
    assert.equal(loads.see([load(1, factor)]), false, `${factor}`)
    assert.equal(loads.see([load(1, 40)]), false, `after ${factor}`)
  }
})

test('other changes are not routine, and a node that comes again begins anew', () => {
  const loads = new RoutineLoads()
  loads.see([load(1, 50)])
  assert.equal(loads.see([load(1, 50), { kind: 'contexts', id: 1, contexts: [] }]), false)
  assert.equal(loads.see([load(1, 50)]), true)
  assert.equal(loads.see([{ kind: 'gone', id: 1 }]), false)
  assert.equal(loads.see([load(1, 50)]), false)
})
