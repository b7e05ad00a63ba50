// What slow readers cost: the proxy runs as a process of its own and is measured from outside.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clusterOf } from '../../support/cluster-fixture.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient } from '../../support/raw-client.ts'

const skip = process.platform === 'linux' ? false : 'reads /proc'
const script = fileURLToPath(new URL('../../support/proxy-process.js', import.meta.url))

async function startProcess(t: TestContext, nodePort: number) {
  const child = spawn(process.execPath, [script, JSON.stringify(clusterOf([{ port: nodePort }]))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const rssKb = (): number => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  }
  return { port: Number(line), rssKb }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('ten slow readers of 1 GB each do not grow the proxy by more than a few megabytes', {
  skip,
}, async (t) => {
  const origin = await startOrigin(t)
  const { port, rssKb } = await startProcess(t, origin.port)
  const warm = await RawClient.connect(t, port)
  for (let i = 0; i < 300; i++) await warm.ask(get('/echo'))
  await warm.ask(get('/big?bytes=30000000'))
  await warm.ask(post('/echo', 'x'.repeat(1_000_000)))
  const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(t, port)))
  for (const client of clients) await client.ask(get('/echo'))
  await pause(300)
  const before = rssKb()
  let most = before
  for (const client of clients) {
    client.socket.pause()
    client.send(get('/big?bytes=1000000000'))
  }
  for (let i = 0; i < 30; i++) {
    // A little is read now and then, so that the answers move.
    for (const client of clients) client.socket.read(16_384)
    await pause(100)
    most = Math.max(most, rssKb())
  }
  assert.equal(origin.seen.filter(({ target }) => target.includes('1000000000')).length, 10)
  for (const client of clients) assert.ok(client.bytes.length > 100_000, 'the answers did not move')
  t.diagnostic(`resident: ${before} KB before, ${most} KB at most, ${(most - before) / 10} KB each`)
  assert.ok(most - before < 6_000, `grew by ${most - before} KB`)
})
