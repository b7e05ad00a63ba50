// `topspin serve --xds` with the real Envoy: every row of the table in docs/envoy.md, and what happens when one of the two
// is away.

import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Agent } from '../../src/agent/index.ts'
import type { StatusReport } from '../../src/control/status-report.ts'
import { Authority, noOpenssl, type Pair } from '../support/certificates.ts'
import { type Envoy, noEnvoy, startEnvoy } from '../support/envoy.ts'
import { FleetNode } from '../support/fleet.ts'
import { makeFolder } from '../support/folder.ts'
import { freePorts } from '../support/free-ports.ts'
import { get, startNode } from '../support/node-server.ts'
import { joinReporting } from '../support/reporting-node.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { program, type Running, startTopspin } from '../support/topspin.ts'
import { until } from '../support/until.ts'
import { startProxy, upgraded } from '../support/upgraded-proxy.ts'

const options = { skip: noEnvoy }

interface Place {
  /** Ports of the control listener, of the discovery service, and of Envoy for clients. */
  readonly control: number
  readonly discovery: number
  readonly port: number
}

async function newPlace(): Promise<Place> {
  const [control = 0, discovery = 0, port = 0] = await freePorts(3)
  return { control, discovery, port }
}

interface Plane extends Running {
  status(): Promise<StatusReport>
}

async function startPlane(
  t: TestContext,
  { control, discovery, port }: Place,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Plane> {
  const running = startTopspin(
    [
      ...['serve', '--listen', '', '--workers', '0', '--control', `127.0.0.1:${control}`],
      ...['--xds', `127.0.0.1:${discovery}`, ...more],
    ],
    {
      deadlineMs: 90_000,
      env: {
        TOPSPIN_XDS_LISTENERS: `127.0.0.1:${port}`,
        // Nodes have this time to report after a start.
        TOPSPIN_CONTROL_STATUS_TIMEOUT: '1s',
        ...env,
      },
    },
  )
  t.after(() => running.child.kill('SIGKILL'))
  await running.sees(/"msg":"listening"/)
  const status = async (): Promise<StatusReport> =>
    (await (await fetch(`http://127.0.0.1:${control}/api/status`)).json()) as StatusReport
  return { ...running, status }
}

const textAt = (
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> =>
  get(port, path, headers).then(
    ({ status, text }) => (status === 200 ? text : String(status)),
    () => 'refused',
  )

const serves = (place: Place, path: string, text: string, envoy?: Envoy): Promise<void> =>
  until(
    `${path} is served by ${text}`,
    async () => (await textAt(place.port, path)) === text,
    15_000,
    () => envoy?.log(),
  )

async function shares(place: Place, path: string, count: number): Promise<Record<string, number>> {
  const served: Record<string, number> = {}
  for (let n = 0; n < count; n++) {
    const text = await textAt(place.port, path)
    served[text] = (served[text] ?? 0) + 1
  }
  return served
}

/** Who answers a few requests. */
const serving = async (place: Place): Promise<string> =>
  Object.keys(await shares(place, '/', 12))
    .sort()
    .join()

test('Envoy serves nodes with their weights, sessions, states and contexts', options, async (t) => {
  const place = await newPlace()
  const plane = await startPlane(t, place)
  const control = `127.0.0.1:${place.control}`
  const loads = { a: 90, b: 60, c: 50 }
  const start = (name: keyof typeof loads, context: string): Promise<Agent> =>
    joinReporting(t, control, name, {
      contexts: [context],
      metrics: [{ name: 'own', capacity: 100, read: () => loads[name] }],
    })
  const a = await start('a', '/shop')
  const b = await start('b', '/shop')
  const root = await start('c', '/')
  const envoy = await startEnvoy(t, place.discovery)
  await serves(place, '/', 'c', envoy)
  // /shopping is not /shop; the weights 10 and 40 are exact over whole rounds.
  assert.equal(await textAt(place.port, '/shopping'), 'c')
  const weightOf = async (name: 'a' | 'b'): Promise<number> => {
    const dump = await envoy.ask('/config_dump?include_eds')
    return Number(
      new RegExp(`"route": "${name}"[\\s\\S]*?"load_balancing_weight": (\\d+)`).exec(dump)?.[1] ??
        0,
    )
  }
  await until(
    'the weights are there',
    async () => (await weightOf('a')) === 10 && (await weightOf('b')) === 40,
  )
  const { a: ofA = 0, b: ofB = 0 } = await shares(place, '/shop', 100)
  assert.ok(Math.abs(ofA - 20) <= 3 && ofA + ofB === 100, `20 of 100: ${ofA}, ${ofB}`)
  loads.a = 60
  await until('its weight follows', async () => (await weightOf('a')) === 40)
  // Sessions stay, whatever other cookies are there; an id without a route is no session.
  const session = { cookie: 'x=1.b; JSESSIONID=8f3.a; y=2.b' }
  for (let n = 0; n < 10; n++) assert.equal(await textAt(place.port, '/shop/cart', session), 'a')
  assert.match(await textAt(place.port, '/shop', { cookie: 'JSESSIONID=8f3' }), /^[ab]$/)
  // The load report of the agent is not for clients.
  assert.equal((await get(place.port, '/shop')).headers['endpoint-load-metrics'], undefined)
  // DISABLED and STOPPED are in force with the reply.
  await a.disable('/shop')
  assert.deepEqual(await shares(place, '/shop', 20), { b: 20 })
  assert.equal(await textAt(place.port, '/shop', session), 'a')
  await a.stop('/shop')
  assert.equal(await textAt(place.port, '/shop', session), 'b')
  await a.enable('/shop')
  await until('a serves again', async () => (await textAt(place.port, '/shop', session)) === 'a')
  // A node that reports the load factor 0 is a standby: it gets what no other node can take, and its own sessions.
  const standby = await startNode(t, (_, response) => response.end('s'))
  const send = (method: string, body: string): Promise<Response> =>
    fetch(`http://${control}/`, { method, body: `JVMRoute=s&${body}` })
  await send('CONFIG', `Host=127.0.0.1&Port=${standby.port}&Type=http&StickySessionForce=No`)
  await send('ENABLE-APP', 'Alias=localhost&Context=/shop')
  await send('STATUS', 'Load=0')
  await until('it is a standby', async () =>
    (await envoy.ask('/clusters')).includes('::priority::1'),
  )
  const served = Object.keys(await shares(place, '/shop', 20)).sort()
  assert.deepEqual(served, ['a', 'b'])
  assert.equal(await textAt(place.port, '/shop', { cookie: 'JSESSIONID=8f3.s' }), 's')
  await a.disable('/shop')
  await b.disable('/shop')
  assert.equal(await textAt(place.port, '/shop'), 's')
  await b.enable('/shop')
  await until('it is not needed any more', async () => (await textAt(place.port, '/shop')) === 'b')
  // Contexts come and go.
  await root.enable('/new')
  await until('it is a cluster', async () =>
    (await envoy.ask('/clusters')).includes('mycluster|/new/::127'),
  )
  await root.remove('/new')
  await until(
    'the cluster is gone',
    async () => !(await envoy.ask('/clusters')).includes('mycluster|/new/'),
  )
  assert.equal(await textAt(place.port, '/new'), 'c')
  const [report] = (await plane.status()).engines
  assert.equal(report?.name, 'envoy')
  assert.deepEqual(report?.problems, [])
})

test('a session whose node is gone is refused with StickySessionForce', options, async (t) => {
  const place = await newPlace()
  await startPlane(t, place)
  const control = `127.0.0.1:${place.control}`
  const sticky = { force: true, cookie: 'SID' }
  const a = await joinReporting(t, control, 'a', { sticky })
  await joinReporting(t, control, 'b', { sticky })
  const envoy = await startEnvoy(t, place.discovery)
  const session = { cookie: 'SID=8f3.a' }
  await until(
    'a serves its session',
    async () => (await textAt(place.port, '/', session)) === 'a',
    15_000,
    envoy.log,
  )
  await a.stop('/')
  assert.equal(await textAt(place.port, '/', session), '503')
  assert.equal(await textAt(place.port, '/'), 'b')
})

test('aliases are virtual hosts where they count', options, async (t) => {
  const place = await newPlace()
  await startPlane(t, place, [], { TOPSPIN_USE_ALIAS: 'true' })
  const control = `127.0.0.1:${place.control}`
  await joinReporting(t, control, 'a', { aliases: ['a.test'] })
  await joinReporting(t, control, 'b', { aliases: ['*.b.test'], contexts: ['/shop'] })
  await startEnvoy(t, place.discovery)
  const at = (host: string, path: string): Promise<string> => textAt(place.port, path, { host })
  await until(
    'both are served',
    async () => (await at('x.b.test:80', '/shop;jsessionid=1')) === 'b',
  )
  assert.equal(await at('a.test', '/shop'), 'a')
  assert.equal(await at('x.b.test', '/'), '404')
  assert.equal(await at('c.test', '/'), '404')
})

test(
  'a discovery service that is killed and starts anew takes nothing away',
  options,
  async (t) => {
    const folder = makeFolder()
    const place = await newPlace()
    const state = ['--state', join(folder, 'state')]
    let plane = await startPlane(t, place, state)
    const control = `127.0.0.1:${place.control}`
    const [a] = [await joinReporting(t, control, 'a'), await joinReporting(t, control, 'b')]
    const envoy = await startEnvoy(t, place.discovery)
    await until('both serve', async () => (await serving(place)) === 'a,b', 15_000, envoy.log)
    const load = new SteadyLoad(t, place.port, 100)
    const isCurrent = async (): Promise<boolean> =>
      (await plane.status()).engines.some((report) => report.isCurrent)
    for (const isKept of [true, false]) {
      plane.child.kill('SIGKILL')
      await plane.ended
      const before = load.good
      await until('Envoy serves alone', () => load.good > before + 20)
      if (!isKept) rmSync(join(folder, 'state'))
      plane = await startPlane(t, place, state)
      await until('Envoy is connected again', isCurrent, 20_000, () => plane.printed)
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
    // It is in charge again.
    await until('it drains', async () => {
      await a.disable('/')
      return (await serving(place)) === 'b'
    })
  },
)

test('an Envoy that hangs holds up neither the other one nor messages', options, async (t) => {
  const place = await newPlace()
  const plane = await startPlane(t, place)
  const control = `127.0.0.1:${place.control}`
  const a = await joinReporting(t, control, 'a')
  await joinReporting(t, control, 'b')
  const slow = await startEnvoy(t, place.discovery, 'slow')
  await serves(place, '/', 'a', slow)
  process.kill(slow.pid, 'SIGSTOP')
  // Both would listen on the same port: the second one has it with SO_REUSEPORT, and clusters are enough here.
  const other = await startEnvoy(t, place.discovery, 'other')
  const states = async (): Promise<string> => {
    const dump = await other.ask('/config_dump?include_eds')
    return [...dump.matchAll(/"envoy\.lb": \{[^}]*"state": "(\w+)"/g)]
      .map(([, state]) => state)
      .join()
  }
  await until('the other one has both', async () => (await states()) === 'on,on', 15_000, other.log)
  const start = performance.now()
  await a.disable('/')
  assert.ok(performance.now() - start < 5_000, 'the reply waits a second at most')
  await until('the other one has it', async () => /off/.test(await states()))
  const behind = (await plane.status()).engines.find(({ name }) => name === 'slow')
  assert.equal(behind?.isCurrent, false)
})

test('a refused listener is told, and the rest is in force', options, async (t) => {
  const place = await newPlace()
  const taken = createServer().listen(place.port, '127.0.0.1')
  t.after(() => taken.close())
  const plane = await startPlane(t, place)
  await joinReporting(t, `127.0.0.1:${place.control}`, 'a')
  const envoy = await startEnvoy(t, place.discovery)
  await until('the cluster is there', async () =>
    (await envoy.ask('/clusters')).includes('mycluster|/::127'),
  )
  await until(
    'the refusal is told',
    async () =>
      /listeners: .*in use/i.test((await plane.status()).engines[0]?.problems.join() ?? ''),
    10_000,
    envoy.log,
  )
  const logged = /"msg":"Envoy has refused resources"/
  await until('it is logged', () => logged.test(plane.printed.stdout))
})

test('over TLS Envoy and the control plane show certificates, and the next ones need no restart', {
  skip: noEnvoy || noOpenssl,
}, async (t) => {
  const place = await newPlace()
  const folder = makeFolder()
  const authority = new Authority()
  const [certFile, keyFile] = [join(folder, 'own.crt'), join(folder, 'own.key')]
  const use = ({ cert, key }: Pair): void => {
    writeFileSync(keyFile, key)
    writeFileSync(certFile, cert)
  }
  use(authority.issue({ days: 20 }))
  const plane = await startPlane(t, place, [], {
    TOPSPIN_XDS_TLS_CERT: certFile,
    TOPSPIN_XDS_TLS_KEY: keyFile,
    TOPSPIN_XDS_TLS_CA: authority.certFile,
    TOPSPIN_XDS_TLS_CLIENT_AUTH: 'require',
    TOPSPIN_TLS_WATCH: '100ms',
  })
  const control = `127.0.0.1:${place.control}`
  const a = await joinReporting(t, control, 'a')
  await joinReporting(t, control, 'b')
  const own = authority.issue({ subject: 'envoy' })
  const shown = { ca: authority.certFile, cert: own.certFile, key: own.keyFile }
  const envoy = await startEnvoy(t, place.discovery, 'front-1', shown)
  await until('both serve', async () => (await serving(place)) === 'a,b', 15_000, envoy.log)

  // One without a certificate gets nothing, and the log says why.
  await startEnvoy(t, place.discovery, 'stranger', { ca: authority.certFile })
  const refusal =
    /"reason":"a client certificate is required","msg":"connection of an Envoy refused"/
  await until('it is refused', () => refusal.test(plane.printed.stdout))
  assert.deepEqual(
    (await plane.status()).engines.map(({ name }) => name),
    ['front-1'],
  )
  const [expiring] = (await plane.status()).certificates
  assert.equal(expiring?.key, 'xds.tls.cert')

  // Envoy stays connected when the certificate is replaced, and the next one comes with the next connection.
  use(authority.issue({ days: 30 }))
  await until('it is read again', () =>
    /"msg":"certificates read again"/.test(plane.printed.stdout),
  )
  await a.disable('/')
  assert.equal(await serving(place), 'b')
  const next = await startEnvoy(t, place.discovery, 'front-2', shown)
  await until(
    'the next one has the cluster',
    async () =>
      (await plane.status()).engines.some(({ name, isCurrent }) => name === 'front-2' && isCurrent),
    15_000,
    next.log,
  )
})

test('a rolling deploy under traffic fails no request', options, async (t) => {
  const place = await newPlace()
  await startPlane(t, place)
  const control = `127.0.0.1:${place.control}`
  const drain = { strategy: 'requests' } as const
  const names = ['a', 'b', 'c']
  const agents: Agent[] = []
  for (const name of names) agents.push(await joinReporting(t, control, name, { drain }))
  const envoy = await startEnvoy(t, place.discovery)
  await until('all serve', async () => (await serving(place)) === 'a,b,c', 15_000, envoy.log)
  const load = new SteadyLoad(t, place.port, 200)
  for (const [at, name] of names.entries()) {
    await agents[at]?.close()
    await joinReporting(t, control, name, { drain })
  }
  await until('all serve again', async () => (await serving(place)) === 'a,b,c')
  await load.stop()
  assert.deepEqual(load.failures, [])
  assert.ok(load.good > 100)
})

test(
  'an upgrade of the control plane fails no request, and Envoy follows the next process',
  options,
  async (t) => {
    const place = await newPlace()
    const { pid: first = 0 } = (
      await startProxy(
        t,
        [
          ...[program, 'serve', '--listen', '127.0.0.1:0', '--workers', '0'],
          ...['--control', `127.0.0.1:${place.control}`, '--xds', `127.0.0.1:${place.discovery}`],
        ],
        { TOPSPIN_XDS_LISTENERS: `127.0.0.1:${place.port}` },
      )
    ).child
    const control = `127.0.0.1:${place.control}`
    const agents = [await joinReporting(t, control, 'a'), await joinReporting(t, control, 'b')]
    const envoy = await startEnvoy(t, place.discovery)
    await until('both serve', async () => (await serving(place)) === 'a,b', 25_000, envoy.log)
    const load = new SteadyLoad(t, place.port, 100)
    const { serving: next } = await upgraded({ control })
    assert.notEqual(next.pid, first)
    await agents[0]?.close()
    await until('Envoy follows', async () => (await serving(place)) === 'b', 15_000, envoy.log)
    await joinReporting(t, control, 'c')
    await until('a further node serves', async () => (await serving(place)) === 'b,c', 15_000)
    await load.stop()
    assert.deepEqual(load.failures, [])
    assert.ok(load.good > 50, `${load.good} requests`)
  },
)

test(
  'all nodes that report another load factor at once, or none, fail no request and all stay in use',
  options,
  async (t) => {
    const place = await newPlace()
    const plane = await startPlane(t, place)
    const control = `http://127.0.0.1:${place.control}`
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const nodes = await Promise.all(names.map((name) => FleetNode.start(t, name)))
    for (const node of nodes) await node.register({ control }, 50)
    let factor: number | undefined = 50
    const timer = setInterval(() => {
      if (factor !== undefined) for (const node of nodes) void node.report({ control }, factor)
    }, 200)
    t.after(() => clearInterval(timer))
    const envoy = await startEnvoy(t, place.discovery)
    const all = names.join()
    await until('all serve', async () => (await serving(place)) === all, 25_000, envoy.log)
    const load = new SteadyLoad(t, place.port, 50)
    // Standbys alone, then nodes at their weight again, then silent ones.
    for (const next of [0, 100, 1, undefined, 50]) {
      factor = next
      if (next === undefined)
        await until('all are silent', async () =>
          (await plane.status()).nodes.every(({ silent }) => silent),
        )
      else
        await until(`Envoy has load factor ${next}`, async () =>
          (await envoy.ask('/config_dump?include_eds')).includes(
            `"load_balancing_weight": ${Math.max(1, next)}\n`,
          ),
        )
      const used = Object.keys(await shares(place, '/', 90)).sort()
      assert.equal(used.join(), all, `load factor ${next}`)
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
  },
)
