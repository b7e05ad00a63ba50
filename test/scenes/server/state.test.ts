// The state file: kill -9 at any moment, and files that are torn, shared or not writable.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sendMessage } from '../../support/control-client.ts'
import { makeFolder } from '../../support/folder.ts'
import { get, startNode } from '../../support/node-server.ts'
import { type Running, startServe, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const noFull: string | false = existsSync('/dev/full') ? false : 'there is no /dev/full'

interface NodeView {
  readonly route: string
  readonly unconfirmed: boolean
  readonly loadFactor: number | null
  readonly health: string
  readonly contexts: readonly { readonly path: string; readonly status: string }[]
}

interface Proxy {
  readonly running: Running
  readonly control: number
  readonly traffic: number
}

async function start(t: TestContext, state: string, workers = 0): Promise<Proxy> {
  const more = ['--state', state, '--workers', String(workers)]
  const running = await startServe(more, {}, { deadlineMs: 60_000, isGroup: true })
  t.after(() => kill(running))
  const port = (url: string): number => Number(new URL(url).port)
  return { running, control: port(running.control), traffic: port(running.traffic) }
}

/** The whole group: nothing of it gets to say a last word. */
function kill({ child }: Running): void {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

async function killed(proxy: Proxy): Promise<void> {
  kill(proxy.running)
  await proxy.running.ended
}

async function report({ control }: Proxy): Promise<{
  nodes: NodeView[]
  state: { reason: string | null; failures: number }
}> {
  return JSON.parse((await get(control, '/api/status')).text)
}

const send = async (proxy: Proxy, method: string, body: string): Promise<string> => {
  const reply = await sendMessage(proxy.control, method, body)
  assert.match(reply.status, / 200 /, `${method} ${body}: ${reply.fields.get('mess')}`)
  return reply.body
}

for (const workers of [0, 1]) {
  test(`a proxy killed and started again serves nodes and sessions at once, --workers ${workers}`, async (t) => {
    const file = join(makeFolder(), 'state')
    const a = await startNode(t, (_, res) => res.end('a'))
    const b = await startNode(t, (_, res) => res.end('b'))
    let proxy = await start(t, file, workers)
    for (const [route, { port }] of [['a', a] as const, ['b', b] as const]) {
      await send(proxy, 'CONFIG', `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http`)
      await send(proxy, 'ENABLE-APP', `JVMRoute=${route}&Alias=localhost&Context=/shop,/old`)
      await send(proxy, 'STATUS', `JVMRoute=${route}&Load=50`)
    }
    await send(proxy, 'DISABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/old')
    await send(proxy, 'STOP-APP', 'JVMRoute=b&Alias=localhost&Context=/old')
    const info = await send(proxy, 'INFO', '')
    const { body: status } = await sendMessage(proxy.control, 'STATUS', 'JVMRoute=a&Load=50')
    await killed(proxy)

    proxy = await start(t, file, workers)
    for (const route of ['a', 'b']) {
      const answer = await get(proxy.traffic, '/shop', { cookie: `JSESSIONID=x.${route}` })
      assert.equal(answer.text, route)
    }
    assert.equal((await get(proxy.traffic, '/old')).status, 503)
    const { nodes } = await report(proxy)
    assert.deepEqual(
      nodes.map((node) => node.unconfirmed),
      [true, true],
    )
    const traffic = /Elected.*/g
    const again = await send(proxy, 'INFO', '')
    assert.equal(again.replace(traffic, ''), info.replace(traffic, ''))
    const reply = await send(proxy, 'STATUS', 'JVMRoute=a&Load=60')
    assert.match(reply, /State=OK&id=\d+\n$/)
    assert.notEqual(reply, status, 'another run has another id')
    assert.deepEqual(
      (await report(proxy)).nodes.map((node) => node.unconfirmed),
      [false, true],
    )
    await send(proxy, 'REMOVE-APP', 'JVMRoute=a&Alias=localhost&Context=/shop')
    await killed(proxy)
    proxy = await start(t, file, workers)
    const [first] = (await report(proxy)).nodes
    assert.deepEqual(
      first?.contexts.map(({ path, status }) => `${path} ${status}`),
      ['/old DISABLED'],
    )
  })
}

test('a node that died with the proxy is detected at once', async (t) => {
  const file = join(makeFolder(), 'state')
  const a = await startNode(t, (_, res) => res.end('a'))
  let proxy = await start(t, file)
  await send(proxy, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${a.port}&Type=http`)
  await send(proxy, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  const leaves = 'StickySessionForce=No'
  await send(proxy, 'CONFIG', `JVMRoute=b&Host=127.0.0.1&Port=1&Type=http&${leaves}`)
  await send(proxy, 'ENABLE-APP', 'JVMRoute=b&Alias=localhost&Context=/')
  await killed(proxy)
  proxy = await start(t, file)
  await until('the dead node is down', async () => {
    const { nodes } = await report(proxy)
    return nodes.map((node) => node.health).join() === 'up,down'
  })
  assert.equal((await get(proxy.traffic, '/', { cookie: 'JSESSIONID=x.b' })).text, 'a')
})

test('every message answered with 200 is kept after kill -9 during a burst', async (t) => {
  const file = join(makeFolder(), 'state')
  let proxy = await start(t, file)
  const known = new Set<string>()
  for (let round = 0; round < 8; round++) {
    const asked: string[] = []
    const sendAll = async (lane: number): Promise<void> => {
      for (let i = 0; ; i++) {
        const route = `r${round}-${lane}-${i}`
        asked.push(route)
        const port = 2_000 + round * 5_000 + lane * 1_000 + i
        const config = `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http`
        const contexts = '&Alias=x,y&Context=/1,/2'
        const reply = await sendMessage(proxy.control, 'CONFIG', config + contexts).catch(
          () => undefined,
        )
        if (reply === undefined) return
        assert.match(reply.status, / 200 /, reply.fields.get('mess'))
        known.add(route)
      }
    }
    const before = known.size
    const lanes = [0, 1, 2].map(sendAll)
    await until('some are registered', () => known.size >= before + 3 + round)
    await killed(proxy)
    await Promise.all(lanes)
    proxy = await start(t, file)
    const { nodes } = await report(proxy)
    const found = new Set(nodes.map((node) => node.route))
    const lost = [...known].filter((route) => !found.has(route))
    assert.deepEqual(lost, [], `round ${round}`)
    for (const { route, contexts } of nodes) {
      assert.ok(known.has(route) || asked.includes(route))
      assert.equal(contexts.length, 4, `${route} came back in part`)
      known.add(route)
    }
    assert.doesNotMatch(proxy.running.printed.stdout, /state file not used/)
  }
  t.diagnostic(`${known.size} nodes over 8 kills`)
})

test('changes of a large state are appended, and kept after kill -9', async (t) => {
  const file = join(makeFolder(), 'state')
  let proxy = await start(t, file)
  const contexts = Array.from({ length: 40 }, (_, i) => `/context-${i}`).join()
  const register = async (route: string): Promise<void> => {
    const config = `JVMRoute=${route}&Host=${route}.test&Port=81&Type=http`
    await send(proxy, 'CONFIG', `${config}&Alias=x&Context=${contexts}`)
  }
  for (let i = 0; i < 24; i++) await register(`r${i}`)
  const { ino } = statSync(file)
  await register('last')
  await send(proxy, 'STOP-APP', 'JVMRoute=last&Alias=x&Context=/context-0')
  assert.equal(statSync(file).ino, ino, 'the same file')
  assert.ok(statSync(file).size > 65_536)
  await killed(proxy)
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, whole.length - 5))
  proxy = await start(t, file)
  await proxy.running.sees(/unfinished end of the state file not used/)
  await killed(proxy)
  writeFileSync(file, whole)
  proxy = await start(t, file)
  const { nodes } = await report(proxy)
  assert.equal(nodes.length, 25)
  assert.equal(nodes.at(-1)?.contexts[0]?.status, 'STOPPED')
  await register('later')
  proxy.running.child.kill('SIGTERM')
  await proxy.running.ended
  assert.doesNotMatch(
    readFileSync(file, 'latin1'),
    /\n.*\n/,
    'one complete state after an orderly end',
  )
  proxy = await start(t, file)
  assert.equal((await report(proxy)).nodes.length, 26)
})

test('a torn file is renamed with a warning, and the proxy serves', async (t) => {
  const file = join(makeFolder(), 'state')
  let proxy = await start(t, file)
  for (const route of ['a', 'b', 'c'])
    await send(proxy, 'CONFIG', `JVMRoute=${route}&Host=${route}.test&Port=81&Type=http`)
  await killed(proxy)
  const whole = readFileSync(file)
  const torn = [
    whole.subarray(0, 0),
    whole.subarray(0, whole.length >> 1),
    whole.subarray(0, whole.length - 1),
    Buffer.from('nothing of the kind'),
  ]
  for (const bytes of torn) {
    writeFileSync(file, bytes)
    proxy = await start(t, file)
    await proxy.running.sees(/state file not used: renamed/)
    assert.deepEqual((await report(proxy)).nodes, [])
    assert.deepEqual(readFileSync(`${file}.corrupt`), bytes)
    await send(proxy, 'CONFIG', 'JVMRoute=d&Host=d.test&Port=81&Type=http')
    await killed(proxy)
  }
  proxy = await start(t, file)
  assert.deepEqual(
    (await report(proxy)).nodes.map((node) => node.route),
    ['d'],
  )
})

test('a file that cannot be written is a warning and a metric, and the proxy serves', async (t) => {
  const folder = join(makeFolder(), 'folder')
  mkdirSync(folder)
  const file = join(folder, 'state')
  const proxy = await start(t, file)
  renameSync(folder, `${folder}-away`)
  await send(proxy, 'CONFIG', 'JVMRoute=a&Host=a.test&Port=81&Type=http')
  await proxy.running.sees(/state file not written/)
  const metrics = await get(proxy.control, '/metrics')
  assert.match(metrics.text, /^topspin_state_ok 0$/m)
  assert.match(metrics.text, /^topspin_state_failures_total [1-9]/m)
  assert.match((await report(proxy)).state.reason ?? '', /ENOENT/)
  mkdirSync(folder)
  await until('it is written', async () => (await report(proxy)).state.reason === null)
  assert.match(readFileSync(file, 'utf8'), /"route":"a"/)
})

test('a folder in place of the file is refused at the start and not changed', async () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'other'), 'kept')
  const ports = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0']
  const { code, stderr } = await topspin('serve', ...ports, '--state', folder)
  assert.equal(code, 78)
  assert.match(stderr, /is a folder; write the name of a file/)
  assert.equal(readFileSync(join(folder, 'other'), 'utf8'), 'kept')
})

test('a state file that is a symbolic link is written through the link', async (t) => {
  const [places, disk] = [makeFolder(), makeFolder()]
  const [file, link, target] = [join(places, 'state'), join(places, 'link'), join(disk, 'kept')]
  symlinkSync(target, link)
  symlinkSync('link', file)
  const proxy = await start(t, file)
  await send(proxy, 'CONFIG', 'JVMRoute=a&Host=a.test&Port=81&Type=http')
  assert.match(readFileSync(target, 'utf8'), /a\.test/)
  await killed(proxy)
  writeFileSync(target, 'torn')
  await start(t, file)
  assert.equal(readFileSync(`${target}.corrupt`, 'utf8'), 'torn')
  for (const each of [file, link]) assert.ok(lstatSync(each).isSymbolicLink(), each)
  assert.ok(lstatSync(target).isFile())
  assert.deepEqual(readdirSync(places).sort(), ['link', 'state'])
})

test('a full disk is a warning, and the previous state is kept', { skip: noFull }, async (t) => {
  const file = join(makeFolder(), 'state')
  const proxy = await start(t, file)
  await send(proxy, 'CONFIG', 'JVMRoute=a&Host=a.test&Port=81&Type=http')
  symlinkSync('/dev/full', `${file}.new`)
  await send(proxy, 'CONFIG', 'JVMRoute=b&Host=b.test&Port=81&Type=http')
  assert.match((await report(proxy)).state.reason ?? '', /ENOSPC/)
  await killed(proxy)
  const { nodes } = await report(await start(t, file))
  assert.deepEqual(
    nodes.map((node) => node.route),
    ['a'],
  )
})

test('a disk that hangs delays one reply for a second, and no further one', async (t) => {
  const file = join(makeFolder(), 'state')
  // Nobody reads what is written there, so whoever opens it waits.
  if (spawnSync('mkfifo', [`${file}.new`]).status !== 0) return t.skip('there is no mkfifo')
  const a = await startNode(t, (_, res) => res.end('a'))
  const proxy = await start(t, file)
  const from = performance.now()
  await send(proxy, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${a.port}&Type=http`)
  await send(proxy, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  for (let load = 1; load <= 20; load++) await send(proxy, 'STATUS', `JVMRoute=a&Load=${load}`)
  assert.equal((await get(proxy.traffic, '/')).text, 'a')
  assert.ok(performance.now() - from < 5_000)
  assert.match((await report(proxy)).state.reason ?? '', /not within/)
})

test('two proxies with one file both log a warning, and the later one keeps it', async (t) => {
  const file = join(makeFolder(), 'state')
  const first = await start(t, file)
  await send(first, 'CONFIG', 'JVMRoute=a&Host=a.test&Port=81&Type=http')
  const second = await start(t, file)
  await second.running.sees(/two proxies must not share one/)
  assert.equal((await report(second)).nodes.length, 1)
  await send(first, 'CONFIG', 'JVMRoute=b&Host=b.test&Port=81&Type=http')
  await first.running.sees(/another process writes it/)
  assert.match((await report(first)).state.reason ?? '', /another process/)
  await send(second, 'CONFIG', 'JVMRoute=c&Host=c.test&Port=81&Type=http')
  assert.equal((await report(second)).state.reason, null)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /"route":"b"/)
})

test('an address that control.nodes.allow no longer has is left out of the state', async (t) => {
  const file = join(makeFolder(), 'state')
  const node = await startNode(t, (_, response) => response.end('served'))
  const first = await start(t, file)
  for (const route of ['a', 'b'])
    await sendMessage(
      first.control,
      'CONFIG',
      `JVMRoute=${route}&Host=${route === 'a' ? '127.0.0.1' : 'localhost'}&Port=${node.port}&Type=http`,
    )
  await sendMessage(first.control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/a')
  await sendMessage(first.control, 'ENABLE-APP', 'JVMRoute=b&Alias=localhost&Context=/b')
  await killed(first)
  const environment = { TOPSPIN_CONTROL_NODES_ALLOW: '10.0.0.0/8,localhost' }
  const running = await startServe(['--state', file, '--workers', '0'], environment)
  t.after(() => running.child.kill('SIGKILL'))
  await running.sees(/"route":"a","host":"127\.0\.0\.1","msg":"node of the state file left out/)
  const port = (url: string): number => Number(new URL(url).port)
  const { nodes } = JSON.parse((await get(port(running.control), '/api/status')).text)
  assert.deepEqual(
    nodes.map(({ route }: NodeView) => route),
    ['b'],
  )
  assert.equal((await get(port(running.traffic), '/a')).status, 404)
})
