// A system without free descriptors fails to accept a connection: no listener takes that for a reason to end.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AgentCheck } from '../../../src/agent/agent-check.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { HealthListener } from '../../../src/control/health-listener.ts'
import { Rank } from '../../../src/net/rank.ts'
import { runFront } from '../../../src/peer/front/front.ts'
import { loadXds } from '../../../src/server/engines/xds/packages.ts'
import { XdsServer } from '../../../src/server/engines/xds/xds-server.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { controlBench } from '../../support/control-bench.ts'
import { freePorts } from '../../support/free-ports.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { startNode } from '../../support/node-server.ts'

const local = { host: '127.0.0.1', port: 0 }

/** Each opens what listens, with a log that it may use. */
const doors: Readonly<Record<string, (t: TestContext, log: MemoryLog) => Promise<unknown>>> = {
  traffic: (t, log) => startProxy(t, [], { log }),
  control: async (t, log) => {
    const { control } = await controlBench({ log })
    t.after(() => control.close())
  },
  'health.listen': async (t, log) => {
    const listener = new HealthListener(new ControlCounts(), log)
    t.after(() => listener.close())
    await listener.open(local)
  },
  'discovery service': async (t, log) => {
    const resources = { listeners: [], connectMs: 1_000 }
    const server = new XdsServer(
      { listen: local, isAllowed: () => true, resources, read: () => [], log, clock: systemClock },
      await loadXds(),
    )
    t.after(() => server.close())
    await server.listen()
  },
  'agent check': async (t, log) => {
    const [port = 0] = await freePorts(1)
    const check = new AgentCheck({ port, host: '127.0.0.1', text: () => 'up\n', log })
    t.after(() => check.close())
    await check.open()
  },
  'processes that share a port': async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'topspin-rank-'))
    const rank = await Rank.claim(folder, 'p', (socket) => socket.destroy())
    t.after(() => {
      rank.close()
      rmSync(folder, { recursive: true, force: true })
    })
  },
  'topspin peer': async (t, log) => {
    const { port } = await startNode(t, (_, response) => response.end())
    const ending = new AbortController()
    const listening = new Promise<void>((resolve, reject) => {
      const ended = runFront({
        target: `http://127.0.0.1:${port}`,
        listen: local,
        group: '239.255.77.1:23364',
        interface: '127.0.0.1',
        key: 'what the peers of this scene share',
        log,
        signal: ending.signal,
        listening: () => resolve(),
      })
      ended.catch(reject)
      t.after(async () => {
        ending.abort()
        await ended
      })
    })
    await listening
  },
}

for (const [name, open] of Object.entries(doors))
  test(`${name}: a connection that is not accepted ends nothing`, async (t) => {
    const log = memoryLog()
    const servers: Server[] = []
    const { listen } = Server.prototype
    t.mock.method(Server.prototype, 'listen', function (this: Server, ...args: unknown[]) {
      servers.push(this)
      return Reflect.apply(listen, this, args)
    })
    await open(t, log)
    const server = servers.at(-1)
    assert.ok(server?.listening)
    const before = log.messages.length
    for (let i = 0; i < 100; i++)
      server.emit('error', Object.assign(new Error('accept ENFILE'), { code: 'ENFILE' }))
    assert.ok(log.messages.length - before <= 1, log.messages.join('\n'))
    const at = server.address() as AddressInfo | string
    const client = typeof at === 'string' ? connect(at) : connect(at.port, at.address)
    await once(client, 'connect')
    client.destroy()
  })
