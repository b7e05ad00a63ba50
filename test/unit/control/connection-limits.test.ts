import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlRoom } from '../../../src/control/connection-limits.ts'

test('the control listener has room for as many connections as nodes where the open files allow', () => {
  for (const openFiles of [undefined, 1_048_576, 80_000])
    assert.deepEqual(controlRoom(openFiles), {
      connectionsMax: 20_000,
      sourceConnectionsMax: 16_000,
    })
})

test('it takes a quarter of the open files, and 1,000 connections at least', () => {
  assert.deepEqual(controlRoom(20_000), { connectionsMax: 5_000, sourceConnectionsMax: 4_000 })
  for (const openFiles of [256, 1_024, 4_000])
    assert.deepEqual(controlRoom(openFiles), { connectionsMax: 1_000, sourceConnectionsMax: 800 })
})
