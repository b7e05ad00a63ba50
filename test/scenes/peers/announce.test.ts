// `topspin announce`: a server that knows nothing of peers is among them while it answers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPeerMembership } from '../../../src/peer/membership/membership.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const key = 'what the peers of this scene share'

test('a server is announced with the resources of its machine as long as it answers', async (t) => {
  const [port = 0] = await freePorts(1)
  const place = { group: `239.255.77.1:${port}`, interface: '127.0.0.1' }
  let cuts = false
  const node = await startNode(t, (_request, response) => {
    if (cuts) response.destroy()
    else response.end()
  })
  const target = `http://127.0.0.1:${node.port}`
  const peer = startPeerMembership({ ...place, key, address: 'http://127.0.0.1:1', name: 'me' })
  t.after(() => peer.close())
  const flags = ['--target', target, '--group', place.group, '--interface', place.interface]
  const more = ['--context', '/shop', '--name', 'old', '--period', '300ms', '--capacity', '8']
  const running = startTopspin(['announce', ...flags, ...more], { env: { TOPSPIN_PEER_KEY: key } })

  const old = () => peer.peers().find(({ announcement }) => announcement.name === 'old')
  await until(
    'it is announced',
    () => old() !== undefined,
    10_000,
    () => running.printed,
  )
  const { scheme, host, port: at, contexts, resources } = old()?.announcement ?? assert.fail()
  assert.deepEqual([scheme, host, at, contexts], ['http', '127.0.0.1', node.port, ['/shop']])
  assert.ok(resources.memoryTotal > resources.memoryAvailable && resources.memoryAvailable > 0)
  assert.deepEqual([resources.slotsFree, resources.served], [8, 0])

  cuts = true
  await until('it has left', () => old() === undefined)
  cuts = false
  node.server.closeAllConnections()
  await until('it is back', () => old() !== undefined)

  running.child.kill('SIGTERM')
  const { code, stdout } = await running.ended
  await until('it has left again', () => old() === undefined)
  assert.equal(code, 0)
  assert.deepEqual(
    peer.table.rows().map(({ state }) => state),
    ['left'],
  )
  assert.match(stdout, /target answers and is announced[\s\S]*does not answer[\s\S]*answers and is/)
})

test('bad flags are reported at once, with exit code 2', async () => {
  const { code, stderr } = await topspin('announce', '--target', 'ftp://x', '--group', 'a b')
  assert.equal(code, 2)
  assert.match(stderr, /target "ftp:\/\/x"/)
  const group = await topspin('announce', '--target', 'http://127.0.0.1:1', '--group', 'a b')
  assert.equal(group.code, 2)
  assert.match(group.stderr, /group "a b"/)
})
