import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { connectionRoom } from '../../../../src/forward/shared/connection-room.ts'

const { openFilesReserve, nodeRoomMax } = httpLimits

test('clients and nodes share few open files equally, after the reserve', () => {
  assert.deepEqual(connectionRoom(256, 50_000), { clients: 96, nodes: 96 })
})

test('of many open files, clients get all beyond the most that nodes get', () => {
  const room = connectionRoom(20_000, 50_000)
  assert.deepEqual(room, { clients: 20_000 - openFilesReserve - nodeRoomMax, nodes: nodeRoomMax })
})

test('what the settings deny to clients is left for nodes', () => {
  assert.deepEqual(connectionRoom(1_064, 100), { clients: 100, nodes: 900 })
})

test('without a limit of the system only the settings count', () => {
  assert.deepEqual(connectionRoom(undefined, 7), { clients: 7, nodes: Number.POSITIVE_INFINITY })
})

test('there is room for one client and one node, however low the limit', () => {
  assert.deepEqual(connectionRoom(10, 50_000), { clients: 1, nodes: 1 })
})
