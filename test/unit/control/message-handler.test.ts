// The path of a message, from the bytes of a request to the reply, without a listener.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onAnswerFailed } from '../../../src/cluster/health.ts'
import { MessageHandler } from '../../../src/control/message-handler.ts'
import type { ProbeResult } from '../../../src/net/probe.ts'
import { methodOf } from '../../../src/wire/mcmp/parse.ts'
import type { Reply } from '../../../src/wire/mcmp/reply.ts'
import type { ControlBenchOptions } from '../../support/control-bench.ts'
import {
  type ControlFixture,
  controlFixture,
  framedRequest,
} from '../../support/control-fixture.ts'

type Bench = ControlFixture & {
  send(method: string, body: string, remote?: string): Promise<Reply>
}

function bench(options: ControlBenchOptions = {}): Bench {
  const fixture = controlFixture(options)
  const handler = new MessageHandler(fixture.settings)
  return {
    ...fixture,
    send(name, body, remote = '10.0.0.7') {
      const method = methodOf(name)
      assert.ok(method !== undefined)
      return handler.handle(framedRequest(`${name} / HTTP/1.1`, [], body), method, remote)
    },
  }
}

const config = 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http'

test('a message is applied, and its changes reach the traffic before the reply', async () => {
  const { send, changes, settings } = bench()
  assert.ok((await send('CONFIG', config)).ok)
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['balancer', 'node'],
  )
  assert.equal(settings.registry.snapshot.nodes.get(1)?.route, 'a')
})

test('a message that cannot be parsed changes nothing', async () => {
  const { send, changes } = bench()
  const reply = await send('CONFIG', 'JVMRoute')
  assert.ok(!reply.ok)
  assert.equal(reply.type, 'SYNTAX')
  assert.deepEqual(changes, [])
})

test('a wildcard address stands for the address of the sender', async () => {
  const { send, settings } = bench()
  await send('CONFIG', config.replace('127.0.0.1', '0.0.0.0'), '::ffff:10.0.0.8')
  assert.equal(settings.registry.snapshot.nodes.get(1)?.host, '10.0.0.8')
})

test('an address that is not allowed is refused, and is never probed', async () => {
  const probed: string[] = []
  const { send, settings } = bench({
    access: { nodes: ['10.0.0.0/8'] },
    watch: {
      probe: async ({ host }) => {
        probed.push(host)
        return { answered: true, reason: 'answered' }
      },
    },
  })
  const reply = await send('CONFIG', config)
  assert.deepEqual(reply, {
    ok: false,
    type: 'MEM',
    text: 'MEM: Address of node with "a" JVMRoute is not allowed',
  })
  const ping = await send('PING', 'Scheme=http&Host=127.0.0.1&Port=80')
  assert.ok(ping.ok)
  assert.match(ping.body, /State=NOTOK/)
  assert.deepEqual(probed, [])
  assert.equal(settings.registry.snapshot.nodes.size, 0)
})

test('STATUS probes the node, records its health and its report', async () => {
  let answered = false
  const { send, settings, clock, log } = bench({
    watch: {
      probe: async () => ({
        answered,
        reason: answered ? 'answered' : 'ECONNREFUSED',
        unreachable: !answered,
      }),
    },
  })
  await send('CONFIG', config)
  clock.advance(500)
  const reply = await send('STATUS', 'JVMRoute=a&Load=73')
  assert.match(bodyOf(reply), /State=NOTOK/)
  assert.equal(reply.ok && reply.reason, 'ECONNREFUSED')
  const live = settings.live.of(1)
  assert.equal(live.statusAt, 500)
  assert.equal(live.health.kind, 'down')
  assert.deepEqual(log.messages, ['node joined', 'node is down'])
  answered = true
  assert.match(bodyOf(await send('STATUS', 'JVMRoute=a&Load=73')), /State=OK/)
  assert.equal(settings.live.of(1).health.kind, 'up')
  assert.equal(settings.live.of(1).loadFactor, 73)
})

test('STATUS is answered without a probe for five seconds after a probe, a STATUS or bytes from the node', async () => {
  let probes = 0
  const { send, settings, clock } = bench({
    watch: {
      probe: async () => {
        probes++
        return { answered: true, reason: 'answered' }
      },
    },
  })
  await send('CONFIG', config)
  const status = () => send('STATUS', 'JVMRoute=a&Load=73')
  await status()
  for (let second = 0; second < 20; second += 1) {
    clock.advance(4_999)
    await status()
  }
  assert.equal(probes, 1)
  clock.advance(5_000)
  await status()
  assert.equal(probes, 2)
  settings.live.of(1).readAt = clock.now() + 3_000
  clock.advance(7_000)
  await status()
  assert.equal(probes, 2)
  await send('PING', 'JVMRoute=a')
  assert.equal(probes, 3)
  // A new process may be at the address.
  await send('CONFIG', config)
  await status()
  assert.equal(probes, 4)
})

test('STATUS is no evidence where the configuration asks for an answer of the application', async () => {
  let probes = 0
  const { send, clock } = bench({
    watch: {
      rules: () => [{ probe: 'http' }],
      probe: async () => {
        probes++
        return { answered: true, reason: 'answered' }
      },
    },
  })
  await send('CONFIG', config)
  for (let second = 0; second < 10; second += 1) {
    await send('STATUS', 'JVMRoute=a&Load=73')
    clock.advance(1_000)
  }
  assert.equal(probes, 2)
})

test('beyond 200 probes at once STATUS is answered by what is known of the node', async () => {
  const probed: number[] = []
  const { send, settings, clock } = bench({
    watch: {
      probe: async ({ port }) => {
        probed.push(port)
        return { answered: true, reason: 'answered' }
      },
    },
  })
  const ports = Array.from({ length: 300 }, (_, at) => 1_000 + at)
  for (const port of ports)
    await send('CONFIG', `JVMRoute=n${port}&Host=127.0.0.1&Port=${port}&Type=http`)
  const isUp = async (port: number): Promise<boolean> =>
    /State=OK/.test(bodyOf(await send('STATUS', `JVMRoute=n${port}&Load=50`)))
  for (const port of ports) assert.ok(await isUp(port))
  assert.equal(probed.length, 200)
  // A node that failed is probed at any rate.
  const last = settings.live.of(300)
  last.health = onAnswerFailed(last.health, clock.now(), settings.watch.health)
  assert.ok(await isUp(1_299))
  assert.deepEqual(probed.slice(200), [1_299])
  clock.advance(1_000)
  for (const port of ports) assert.ok(await isUp(port))
  assert.equal(new Set(probed).size, 300)
})

test('STATUS of a node whose last response failed is probed at once', async () => {
  let probes = 0
  const { send, settings, clock } = bench({
    watch: {
      probe: async () => {
        probes++
        return { answered: true, reason: 'answered' }
      },
    },
  })
  await send('CONFIG', config)
  await send('STATUS', 'JVMRoute=a&Load=73')
  const live = settings.live.of(1)
  live.health = onAnswerFailed(live.health, clock.now(), settings.watch.health)
  await send('STATUS', 'JVMRoute=a&Load=73')
  assert.equal(probes, 2)
})

test('STATUS of a busy node is answered OK: it accepts connections and is late', async () => {
  const { send, settings } = bench({
    watch: { probe: async () => ({ answered: false, reason: 'no answer', late: 'answer' }) },
  })
  await send('CONFIG', config)
  for (let i = 0; i < 2; i++)
    assert.match(bodyOf(await send('STATUS', 'JVMRoute=a&Load=73')), /State=OK/)
  assert.equal(settings.live.of(1).health.kind, 'suspect')
})

test('STATUS waits a second at most for a probe, then replies from the state so far', async (t) => {
  const { send, settings } = bench({ watch: { probe: () => new Promise(() => {}) } })
  await send('CONFIG', config)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const up = send('STATUS', 'JVMRoute=a&Load=73')
  for (let ms = 0; ms < 1_100; ms += 100) {
    await new Promise((resolve) => setImmediate(resolve))
    t.mock.timers.tick(100)
  }
  assert.match(bodyOf(await up), /State=OK/)
  assert.equal(settings.live.of(1).loadFactor, 73)
})

test('a node without probes is answered by its health alone', async () => {
  const probe = () => Promise.reject(new Error('probed'))
  const { send } = bench({ watch: { probe, rules: () => [{ probe: 'none' }] } })
  await send('CONFIG', config)
  assert.match(bodyOf(await send('STATUS', 'JVMRoute=a&Load=73')), /State=OK/)
})

test('messages that wait for the same address share one probe', async () => {
  let probes = 0
  const { send } = bench({
    watch: {
      probe: async () => {
        probes += 1
        return { answered: true, reason: 'answered' }
      },
    },
  })
  await send('CONFIG', config)
  await Promise.all([send('STATUS', 'JVMRoute=a&Load=1'), send('STATUS', 'JVMRoute=a&Load=2')])
  assert.equal(probes, 1)
})

test('a fault of ours is a general error, which nodes retry', async () => {
  const { send, log } = bench({
    traffic: {
      apply: () => {
        throw new Error('a fault')
      },
    },
  })
  const reply = await send('CONFIG', config)
  assert.ok(!reply.ok)
  assert.equal(reply.type, 'GENERAL')
  assert.deepEqual(log.messages, ['node joined', 'message failed'])
})

test('invalid values of a message are logged with the address of the sender', async () => {
  const { send, log } = bench()
  await send('CONFIG', `${config}&StickySession=maybe`)
  assert.deepEqual(log.messages, ['message values ignored', 'node joined'])
  assert.deepEqual(log.details[0], { remote: '10.0.0.7', fields: ['stickySession'] })
})

function bodyOf(reply: Reply): string {
  assert.ok(reply.ok)
  return reply.body
}

test('a shortage of this machine gives no route away, and is no failure of the node', async () => {
  let result: ProbeResult = { answered: true, reason: 'answered' }
  const { send, settings } = bench({ watch: { probe: async () => result } })
  await send('CONFIG', config)
  await send('ENABLE-APP', 'JVMRoute=a&Context=/x&Alias=h')
  result = { answered: false, reason: 'EMFILE', shortage: true }
  const taken = await send('CONFIG', config.replace('127.0.0.1', '127.0.0.2'))
  assert.equal(taken.ok, false)
  assert.equal(settings.registry.snapshot.nodes.get(1)?.host, '127.0.0.1')
  const status = await send('STATUS', 'JVMRoute=a&Load=7')
  assert.match(status.ok ? status.body : '', /State=OK/)
})
