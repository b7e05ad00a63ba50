import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { connectionRoom } from '../../../../src/forward/shared/connection-room.ts'

const { openFilesReserve, nodeRoomMax } = httpLimits

test('few open files are shared by clients and nodes, the reserve apart', () => {
  assert.deepEqual(connectionRoom(256, 50_000), { clients: 96, nodes: 96 })
})

test('of many, clients get all that nodes cannot need', () => {
  const room = connectionRoom(20_000, 50_000)
  assert.deepEqual(room, { clients: 20_000 - openFilesReserve - nodeRoomMax, nodes: nodeRoomMax })
})

test('what the settings deny to clients is there for nodes', () => {
  assert.deepEqual(connectionRoom(1_064, 100), { clients: 100, nodes: 900 })
})

test('without a limit the settings alone count', () => {
  assert.deepEqual(connectionRoom(undefined, 7), { clients: 7, nodes: Number.POSITIVE_INFINITY })
})

test('there is room for one of each, however low the limit', () => {
  assert.deepEqual(connectionRoom(10, 50_000), { clients: 1, nodes: 1 })
})
