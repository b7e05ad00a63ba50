// What `explain` says of each worker process is what then happens there: random states, random requests, rules.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Explanation } from '../../../src/control/explanation.ts'
import { sendMessage } from '../../support/control-client.ts'
import { fuzzSeed } from '../../support/fuzz-seed.ts'
import { get, startNode } from '../../support/node-server.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { until } from '../../support/until.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

const states = 25
const requestsOfState = 20
const routes = ['a', 'b', 'c']
const methods = ['ENABLE-APP', 'ENABLE-APP', 'DISABLE-APP', 'STOP-APP', 'REMOVE-APP']
const paths = ['/', '/shop', '/pay/x', '/nowhere', '/healthz', '/old/x', '/secret', '/api/shop']
// The first of the nodes that are left is chosen, whatever the counts of a process are.
const config = `balance: [{ path: /, candidacy: [usable, bySession, active, byDomain] }]
routes:
  - { match: { path: /healthz, exact: true }, answer: 204 }
  - { match: /old, redirect: { path: /shop, status: 301 } }
  - { match: /secret, deny: 127.0.0.1 }
  - { match: /api, stripPrefix: /api }
`

/** A connection to each worker, by its process id. */
async function connections(t: TestContext, serve: Workers): Promise<Map<number, Agent>> {
  const agents = new Map<number, Agent>()
  const countOf = async (): Promise<ReadonlyMap<number, number>> =>
    new Map((await serve.workers()).map(({ pid, requests }) => [pid ?? 0, requests]))
  let before = await countOf()
  await until('each worker has a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    await get(serve.trafficPort, '/healthz', {}, agent)
    const now = await countOf()
    for (const [pid, requests] of now) if (requests > (before.get(pid) ?? 0)) agents.set(pid, agent)
    before = now
    return agents.size === 2
  })
  return agents
}

test('1,000 random requests to two workers go where explain says of each, or are refused as it says', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'topspin.yaml'), config)
  const serve = await startWorkers(
    t,
    2,
    {},
    {
      args: ['--config', join(folder, 'topspin.yaml')],
      deadlineMs: 120_000,
    },
  )
  for (const route of routes) {
    const { port } = await startNode(t, (_, response) => response.end(route))
    await serve.register(route, port, 100)
  }
  const agents = await connections(t, serve)
  const random = seededRandom(fuzzSeed)
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const seen = new Set<string>()
  for (let state = 0; state < states; state++) {
    for (const route of routes) {
      const body = `JVMRoute=${route}&Alias=localhost&Context=${one(['/', '/shop', '/pay'])}`
      await sendMessage(serve.controlPort, one(methods), body)
      const load = `JVMRoute=${route}&Load=${one([-1, 0, 1, 50, 100])}`
      await sendMessage(serve.controlPort, 'STATUS', load)
    }
    for (let i = 0; i < requestsOfState; i++) {
      const target = one(paths)
      const cookie = random() < 0.5 ? '' : `JSESSIONID=x.${one([...routes, 'gone'])}`
      const url = `http://127.0.0.1:${serve.trafficPort}${target}`
      const query = new URLSearchParams({ url, cookie })
      const answer = await fetch(`${serve.control}api/v1/explain?${query}`)
      const { processes } = (await answer.json()) as Explanation
      assert.equal(processes.length, 2)
      for (const { pid, node, refusal } of processes) {
        const fields = cookie === '' ? {} : { cookie }
        const { status, text } = await get(serve.trafficPort, target, fields, agents.get(pid ?? 0))
        const about = `state ${state}, process ${pid}: ${target} ${cookie}`
        if (node === null) assert.equal(String(status), refusal?.split(' ')[0], about)
        else assert.deepEqual([status, text], [200, node], about)
        seen.add(node ?? String(refusal))
      }
    }
  }
  const answers = ['503 NO_NODE', '204 RULE_ANSWER', '301 RULE_REDIRECT']
  for (const outcome of [...routes, ...answers, '403 RULE_DENIED'])
    assert.ok(seen.has(outcome), `${outcome} among ${[...seen].join(', ')}`)
})
