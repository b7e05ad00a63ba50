import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { Registry } from '../../../../src/cluster/registry.ts'
import { isMassSilence } from '../../../../src/server/shared/mass-silence.ts'

/** @param ages of the last reports, ms. */
function isMass(ages: readonly number[]): boolean {
  const registry = new Registry({ runId: '1' })
  const live = new LiveTable()
  for (const [at, age] of ages.entries()) {
    const config = { method: 'CONFIG', route: `n${at}`, host: '10.0.0.1', port: 1 + at } as const
    const facts = { now: 0, answers: new Map<string, boolean>(), live: (id: number) => live.of(id) }
    registry.apply({ ...config, type: 'http', aliases: [], contexts: [] }, facts)
    live.of(registry.snapshot.nodes.withRoute(`n${at}`)?.id ?? 0).statusAt = 100_000 - age
  }
  return isMassSilence(registry.snapshot, live, 100_000, 60_000)
}

test('one node, and a small part of all, may fall silent', () => {
  assert.equal(isMass([60_000]), false)
  assert.equal(isMass([70_000, 0, 0]), false)
  assert.equal(isMass([70_000, 70_000, 0, 0, 0, 0, 0]), false)
})

test('more than a third that would fall silent within 10 s are kept', () => {
  assert.equal(isMass([70_000, 55_000, 0, 0, 0]), true)
  assert.equal(isMass([51_000, 52_000]), true)
  assert.equal(isMass([49_000, 49_000]), false)
})
