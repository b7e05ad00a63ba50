// Redeploys behind the real proxy: nodes come and go under traffic, and every client gets a good response.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Agent as HttpAgent, request, type Server } from 'node:http'
import { test } from 'node:test'
import { type Agent, joinCluster } from '../../../src/agent/index.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

async function deploy(
  route: string,
  control: string,
  answered: Map<string, number>,
): Promise<Agent> {
  const server: Server = createServer((_request, response) => {
    setTimeout(() => {
      answered.set(route, (answered.get(route) ?? 0) + 1)
      response.end(route)
    }, 3)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return joinCluster(server, { route, proxies: [control], contexts: ['/app'], required: true })
}

test('nodes are redeployed one after the other under traffic, without a bad response', async (t) => {
  const proxy = await startServe()
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = new URL(proxy.control).host
  const answered = new Map<string, number>()
  let [a, b] = [await deploy('a', control, answered), await deploy('b', control, answered)]
  t.after(() => Promise.all([a.close(), b.close()]))

  const keep = new HttpAgent({ keepAlive: true })
  t.after(() => keep.destroy())
  let running = true
  const bad: string[] = []
  let good = 0
  let reports = 0
  const client = async (): Promise<void> => {
    while (running) {
      const answer = await visit(new URL('/app/x', proxy.traffic), keep)
      if (answer.text === '200 a' || answer.text === '200 b') good++
      else bad.push(answer.text)
      if (answer.report) reports++
    }
  }
  const clients = Promise.all(Array.from({ length: 6 }, client))
  await until('there is traffic', () => good > 50)
  for (let round = 0; round < 3; round++) {
    await a.close()
    a = await deploy('a', control, answered)
    await b.close()
    b = await deploy('b', control, answered)
  }
  const before = answered.get('a') ?? 0
  await until('the fresh node gets its part', () => (answered.get('a') ?? 0) > before)
  running = false
  await clients
  assert.deepEqual([...new Set(bad)], [])
  assert.ok(good > 200, `${good} answers`)
  assert.equal(reports, 0, 'load reports are for the proxy, not for clients')
})

function visit(url: URL, agent: HttpAgent): Promise<{ text: string; report: boolean }> {
  return new Promise((resolve) => {
    const { hostname, port, pathname } = url
    const outgoing = request({ hostname, port, path: pathname, agent }, (response) => {
      let text = `${response.statusCode} `
      response.on('data', (part) => {
        text += part
      })
      const report = response.headers['endpoint-load-metrics'] !== undefined
      response.on('error', (error) => resolve({ text: error.message, report }))
      response.on('end', () => resolve({ text, report }))
    })
    outgoing.on('error', (error) => resolve({ text: error.message, report: false }))
    outgoing.end()
  })
}
