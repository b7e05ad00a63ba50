// A hundred thousand requests while the nodes reset idle connections at random and are killed at random, one
// or two of three: no GET is lost, no POST is executed twice, and retries stay within their budget.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Counted, CountingOptions } from '../../fixtures/counting-clients.ts'
import type { MortalOptions } from '../../fixtures/mortal-node.ts'
import { AskedChild } from '../../support/asked-child.ts'
import { freePorts } from '../../support/free-ports.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { until } from '../../support/until.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

const requests = 100_000
const withinMs = 40_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('nodes that reset connections and crash at random fail no GET and get no POST twice', async (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'mortal-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const executed = join(folder, 'executed')
  const ports = await freePorts(3)
  let lives = 0
  const start = async (port: number): Promise<AskedChild<never>> => {
    const options: MortalOptions = { port, seed: seed + lives++, executed, resets: 0.02 }
    const node = new AskedChild<never>(t, 'mortal-node', options)
    await once(node.process, 'message')
    return node
  }
  const nodes = await Promise.all(ports.map(start))
  const to = ports.map((port) => `127.0.0.1:${port}`).join(',')
  const serve = await startWorkers(t, 2, {}, { args: ['--to', to], deadlineMs: 90_000 })
  const options: CountingOptions = {
    port: serve.trafficPort,
    clients: 32,
    requests,
    withinMs,
    seed,
    posts: 0.3,
  }
  const clients = new AskedChild<Counted>(t, 'counting-clients', options)
  let kills = 0
  let counted = await clients.ask('how many')
  while (!counted.done) {
    await pause(100 + random() * 400)
    const first = Math.floor(random() * 3)
    const victims = random() < 0.3 ? [first, (first + 1) % 3] : [first]
    for (const victim of victims) {
      nodes[victim]?.process.kill('SIGKILL')
      kills++
      await pause(random() * 40)
    }
    await pause(random() * 300)
    for (const victim of victims) nodes[victim] = await start(ports[victim]!)
    await allUp(serve)
    counted = await clients.ask('how many')
  }
  const { traffic, nodes: reports } = await serve.status()
  const { made, gets, posts, seconds, lost, postsBy, mixedUp, answeredPosts } = counted
  t.diagnostic(
    `${made} requests (${gets} GET, ${posts} POST) in ${seconds.toFixed(1)} s, ${kills} kills`,
  )
  t.diagnostic(`POST: ${JSON.stringify(postsBy)}; counts: ${JSON.stringify(traffic)}`)
  t.diagnostic(`failed attempts: ${reports.map(({ failures }) => failures)}`)

  const times = new Map<string, number>()
  for (const id of readFileSync(executed, 'latin1').split('\n'))
    times.set(id, (times.get(id) ?? 0) + 1)
  times.delete('')
  assert.deepEqual(
    [...times].filter(([, count]) => count > 1),
    [],
  )
  assert.deepEqual(
    answeredPosts.filter((id) => !times.has(id)),
    [],
  )
  assert.deepEqual(lost, [])
  assert.equal(mixedUp, 0)
  assert.ok(made > 5_000 && kills >= 10 && traffic.retries > 100, 'there was something to survive')
  // A fifth of the requests; a hundred in ten seconds are free for each worker.
  const free = 2 * 100 * Math.ceil(seconds / 10)
  assert.ok(traffic.retries <= 0.2 * made + free, `${traffic.retries} retries`)
  assert.deepEqual([traffic.faults, traffic.cut], [0, 0])
})

async function allUp(serve: Workers): Promise<void> {
  await until('all nodes are up again', async () => {
    await pause(20)
    return (await serve.status()).nodes.every(({ health }) => health === 'up')
  })
}
