// Agent checks with the real HAProxy: its weights follow load factors, and nodes leave without a failed request.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Agent, joinCluster } from '../../src/agent/index.ts'
import { built, type Child, startChild } from '../support/child.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Haproxy, noHaproxy, startHaproxy } from '../support/haproxy.ts'
import { get, startNode } from '../support/node-server.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { until } from '../support/until.ts'

const options = { skip: noHaproxy }

interface Member {
  readonly port: number
  readonly check: number
  readonly agent: Agent
  load: number
}

async function startMember(t: TestContext, name: string, load: number): Promise<Member> {
  const node = await startNode(t, (_, response) => response.end(name))
  const [check = 0] = await freePorts(1)
  const member = { port: node.port, check, load }
  const own = { name: 'own', capacity: 100, read: () => 100 - member.load }
  const agent = await joinCluster(node.server, {
    agentCheck: check,
    metrics: [own],
    history: 0,
    initialLoad: -1,
    reportIntervalMs: 100,
    drain: { strategy: 'none' },
    log: false,
  })
  t.after(() => agent.close())
  return Object.assign(member, { agent })
}

const serverLine = ({ port, check }: { port: number; check: number }, at: number): string =>
  `  server s${at} 127.0.0.1:${port} weight 100 check inter 200ms agent-check agent-port ${check} agent-inter 200ms\n`

const frontend = (members: readonly { port: number; check: number }[], more: string = ''): string =>
  `listen shop\n  bind 127.0.0.1:PORT\n  balance roundrobin\n${more}${members.map(serverLine).join('')}`

/** Resolves when the fields of a server in `show stat` begin with these values. */
const follows = (haproxy: Haproxy, server: string, wanted: Record<string, string>): Promise<void> =>
  until(
    `${server} has ${JSON.stringify(wanted)}`,
    async () => {
      const stat = await haproxy.stat('shop', server)
      return Object.entries(wanted).every(([name, value]) => stat?.[name]?.startsWith(value))
    },
    10_000,
    haproxy.log,
  )

test('weights follow the load factors, and shares follow the weights', options, async (t) => {
  const a = await startMember(t, 'a', 80)
  const b = await startMember(t, 'b', 20)
  const haproxy = await startHaproxy(t, frontend([a, b]))
  await follows(haproxy, 's0', { weight: '80', status: 'UP' })
  await follows(haproxy, 's1', { weight: '20', status: 'UP' })
  a.load = 40
  b.load = 60
  await follows(haproxy, 's0', { weight: '40' })
  await follows(haproxy, 's1', { weight: '60' })
  const served = { a: 0, b: 0 }
  for (let n = 0; n < 200; n++) served[(await get(haproxy.port)).text as 'a' | 'b']++
  assert.ok(served.a >= 70 && served.a <= 90, `about 80 of 200: ${served.a}`)
})

test(
  'a node that is disabled keeps its sessions, and a stopped one gets nothing',
  options,
  async (t) => {
    const a = await startMember(t, 'a', 50)
    const b = await startMember(t, 'b', 50)
    // The names of the cookie's values are those of the servers.
    const sticky = '  cookie SRV insert indirect\n'
    const lines = frontend([a, b], sticky).replace(/^( {2}server (s\d) .*)$/gm, '$1 cookie $2')
    const haproxy = await startHaproxy(t, lines)
    await follows(haproxy, 's0', { weight: '50', status: 'UP' })
    const cookie = { cookie: 'SRV=s0' }
    await a.agent.disable('/')
    await follows(haproxy, 's0', { status: 'DRAIN' })
    for (let n = 0; n < 10; n++) assert.equal((await get(haproxy.port)).text, 'b')
    assert.equal((await get(haproxy.port, '/', cookie)).text, 'a')
    await a.agent.stop('/')
    await follows(haproxy, 's0', { status: 'MAINT' })
    assert.equal((await get(haproxy.port, '/', cookie)).text, 'b')
    await a.agent.enable('/')
    await follows(haproxy, 's0', { weight: '50', status: 'UP' })
    assert.equal((await get(haproxy.port, '/', cookie)).text, 'a')
  },
)

test('a node leaves and comes back under traffic without a failed request', options, async (t) => {
  const a = await startMember(t, 'a', 50)
  const ports = await freePorts(2)
  const b = { port: ports[0] ?? 0, check: ports[1] ?? 0 }
  const start = (): Child => {
    const run = `import{createServer}from'node:http';import{joinCluster}from'${built('src/agent/index.js')}';const s=createServer((q,r)=>setTimeout(()=>r.end('b'),5)).listen(${b.port},'127.0.0.1');await joinCluster(s,{agentCheck:${b.check},initialLoad:-1,reportIntervalMs:100,signals:true,log:false})`
    return startChild(t, ['--input-type=module', '-e', run])
  }
  const first = start()
  const haproxy = await startHaproxy(t, frontend([a, b]))
  await follows(haproxy, 's1', { status: 'UP', check_status: 'L4OK', agent_status: 'L7OK' })
  const load = new SteadyLoad(t, haproxy.port, 200)
  const before = load.good
  await until('traffic flows', () => load.good > before + 50)
  first.process.kill('SIGTERM')
  assert.equal(await first.ended, 'SIGTERM', first.output())
  await follows(haproxy, 's1', { status: 'MAINT', agent_status: 'L4CON' })
  start()
  await follows(haproxy, 's1', { status: 'UP', check_status: 'L4OK', agent_status: 'L7OK' })
  await load.stop()
  assert.deepEqual(load.failures, [])
  assert.ok(load.good > 200)
})

test(
  'a sidecar answers for a server in another language, and says down when it has gone',
  options,
  async (t) => {
    const [check = 0] = await freePorts(1)
    const node = await startNode(t)
    const sidecar = {
      target: `http://127.0.0.1:${node.port}`,
      agentCheck: check,
      initialLoad: -1,
      reportIntervalMs: 100,
      probeIntervalMs: 100,
    }
    const child = startChild(t, [built('test/fixtures/sidecar.js'), JSON.stringify(sidecar)])
    const haproxy = await startHaproxy(
      t,
      frontend([{ port: node.port, check }]).replace(/ check inter 200ms/g, ''),
    )
    await until(
      'HAProxy has its weight',
      async () => Number((await haproxy.stat('shop', 's0'))?.['weight']) > 0,
    )
    await follows(haproxy, 's0', { agent_status: 'L7OK' })
    node.server.closeAllConnections()
    node.server.close()
    await follows(haproxy, 's0', { status: 'DOWN (agent)', agent_status: 'L7STS' })
    assert.match(child.output(), /target stopped answering/)
  },
)
