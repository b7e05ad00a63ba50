import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readinessOf } from '../../../src/control/readiness.ts'

const worker = { pid: 1, connections: 0, requests: 0, restarts: 0 }
const context = { path: '/', alias: 'x', status: 'ENABLED', inFlight: 0 } as const
const node = { removal: 'none', health: 'up', contexts: [context] } as const
const usual = { isDraining: false, workers: [worker], nodes: [node], state: undefined }

test('a proxy is ready unless it drains or none of its workers runs', () => {
  assert.deepEqual(readinessOf(usual), {
    isReady: true,
    text: 'ready',
    lines: [
      '[+] accepts clients',
      '[+] workers: 1 of 1 run',
      '[+] nodes: 1 of 1 take requests',
      'ready',
    ],
  })
  assert.equal(readinessOf({ ...usual, workers: [] }).isReady, true)
  const drained = readinessOf({ ...usual, isDraining: true })
  assert.deepEqual([drained.isReady, drained.text], [false, 'draining'])
  assert.match(drained.lines[0] ?? '', /^\[-\] draining/)
  const idle = readinessOf({ ...usual, workers: [{ ...worker, pid: null }] })
  assert.deepEqual([idle.isReady, idle.text], [false, 'no worker runs'])
})

test('no usable node and an unwritten state file are told, and leave the proxy ready', () => {
  const state = { file: '/f', reason: 'ENOSPC', writes: 1, failures: 1 }
  const { isReady, lines } = readinessOf({ ...usual, nodes: [{ ...node, health: 'down' }], state })
  assert.ok(isReady)
  assert.ok(lines.includes('[!] nodes: 0 of 1 take requests'))
  assert.ok(lines.includes('[!] state file: not written (ENOSPC)'))
  assert.ok(!lines.join().includes('/f'))
})
