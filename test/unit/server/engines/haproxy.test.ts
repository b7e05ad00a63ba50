import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../../src/base/clock.ts'
import { silent } from '../../../../src/base/log.ts'
import type { ServedApplication, ServedNode } from '../../../../src/cluster/served.ts'
import { haproxyAddress } from '../../../../src/config/schema-engines.ts'
import { commandsFor } from '../../../../src/server/engines/haproxy/commands.ts'
import { HaproxyWriter } from '../../../../src/server/engines/haproxy/haproxy-writer.ts'
import {
  readBackends,
  readMap,
  readPid,
  readServers,
} from '../../../../src/server/engines/haproxy/present-state.ts'
import { askHaproxy } from '../../../../src/server/engines/haproxy/runtime-connection.ts'
import { targetState } from '../../../../src/server/engines/haproxy/target-state.ts'
import { balancerOf, nodeOf } from '../../../support/cluster-fixture.ts'
import { until } from '../../../support/until.ts'

const member = (id: number, given: Partial<ServedNode> = {}): ServedNode => ({
  node: nodeOf(id, { host: '10.0.0.1', port: 8000 + id }),
  state: 'on',
  weight: 50,
  isStandby: false,
  ...given,
})

const application = (
  path: string,
  nodes: readonly ServedNode[],
  alias: string = '*',
): ServedApplication => ({ balancer: balancerOf(), path, alias, nodes })

const backends = ['t1', 't2']
const options = { mapFile: '/m', serverOptions: '' }
const nothing = { servers: new Map(), map: new Map() }
const texts = (...given: Parameters<typeof commandsFor>): string[] =>
  commandsFor(...given).map(({ text }) => text)

const stateText = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port
3 t1 1 n1 10.0.0.1 2 0 50 50 8001
3 t1 3 n3 10.0.0.1 2 8 7 7 8003
3 t1 4 n4 10.0.0.1 0 1 7 7 8004
3 t1 5 n5 10.0.0.1 0 64 7 7 8005
`

test('the answers of HAProxy are read', () => {
  assert.deepEqual(readBackends('# name\nt1\nt2\n'), ['t1', 't2'])
  assert.equal(readPid('Name: HAProxy\nPid: 812\nUptime: 1\n'), 812)
  assert.deepEqual(
    [...readMap('0x5581 /shop/ t1\n0x5582 / t2\n')],
    [
      ['/shop/', 't1'],
      ['/', 't2'],
    ],
  )
  const servers = readServers(stateText).get('t1')
  assert.deepEqual(servers?.get('n1'), {
    id: 1,
    address: '10.0.0.1',
    port: 8001,
    weight: 50,
    state: 'ready',
  })
  assert.equal(servers?.get('n3')?.state, 'drain')
  assert.equal(servers?.get('n4')?.state, 'maint')
  assert.equal(servers?.get('n5')?.state, 'ready', 'another bit is not ours')
})

test('an empty HAProxy gets servers with ids, then the map', () => {
  const target = targetState(
    [application('/shop', [member(1), member(2, { state: 'off' })])],
    backends,
    new Map(),
  )
  assert.deepEqual(texts(nothing, target, { mapFile: '/m', serverOptions: 'check' }), [
    'add server t1/n1 10.0.0.1:8001 id 1 weight 50 check',
    'enable health t1/n1',
    'set server t1/n1 state ready',
    'add server t1/n2 10.0.0.1:8002 id 2 weight 50 check',
    'enable health t1/n2',
    'set server t1/n2 state drain',
    'add map /m /shop/ t1',
  ])
})

test('what gives less comes first, and a server is deleted after its map entry', () => {
  const present = {
    servers: readServers(stateText),
    map: new Map([
      ['/old/', 't1'],
      ['/', 't1'],
    ]),
  }
  const nodes = [member(1, { state: 'off' }), member(2), member(3, { weight: 9 })]
  const target = targetState([application('', nodes)], backends, present.map)
  assert.deepEqual(texts(present, target, options), [
    'set server t1/n1 state drain',
    'set server t1/n5 state maint',
    'add server t1/n2 10.0.0.1:8002 id 2 weight 50',
    'set server t1/n2 state ready',
    'set server t1/n3 weight 9',
    'set server t1/n3 state ready',
    'del map /m /old/',
    'del server t1/n4',
    'del server t1/n5',
  ])
})

test('nothing is sent to a HAProxy that has all', () => {
  const present = { servers: readServers(stateText), map: new Map([['/', 't1']]) }
  const target = targetState([application('', [member(1)])], ['t1'], present.map)
  const only = {
    ...present,
    servers: new Map([['t1', new Map([...(present.servers.get('t1') ?? [])].slice(0, 1))]]),
  }
  assert.deepEqual(texts(only, target, options), [])
})

test('a server that has moved gets its new address', () => {
  const present = { servers: readServers(stateText), map: new Map([['/', 't1']]) }
  const moved = member(1, { node: nodeOf(1, { host: '::1', port: 9 }) })
  const target = targetState([application('', [moved])], ['t1'], present.map)
  assert.equal(texts(present, target, options).at(2), 'set server t1/n1 addr ::1 port 9')
})

test('an address of IPv6 is in brackets, and a node of HTTP/2 gets its protocol', () => {
  const node = nodeOf(1, { host: '::1', port: 9, type: 'h2c' })
  const target = targetState([application('', [member(1, { node })])], ['t1'], new Map())
  assert.equal(
    texts(nothing, target, options)[0],
    'add server t1/n1 [::1]:9 id 1 weight 50 proto h2',
  )
})

test('a standby has no weight while another node is active', () => {
  const weights = (nodes: readonly ServedNode[]): (number | undefined)[] => {
    const servers = targetState([application('', nodes)], ['t1'], new Map()).servers.get('t1')
    return [...(servers?.values() ?? [])].map(({ weight }) => weight)
  }
  const standby = member(1, { isStandby: true, weight: 1 })
  assert.deepEqual(weights([standby, member(2)]), [0, 50])
  assert.deepEqual(weights([standby, member(2, { state: 'off' })]), [1, 50])
})

test('a context keeps its backend, and one without a backend is told', () => {
  const applications = ['/a', '/b', '/c'].map((path) => application(path, []))
  const { map, problems } = targetState(applications, backends, new Map([['/b/', 't1']]))
  assert.deepEqual(
    [...map],
    [
      ['/b/', 't1'],
      ['/a/', 't2'],
    ],
  )
  assert.deepEqual(problems, ['context /c/: no backend is free; configure more of them'])
})

test('an alias begins the key of its contexts', () => {
  const { map } = targetState([application('/a', [], 'shop.test')], backends, new Map())
  assert.deepEqual([...map], [['shop.test/a/', 't1']])
})

for (const [what, given, problem] of [
  ['a route that is no name', { route: 'a b' }, /node a b: its route is no name of a server/],
  ['a host name', { host: 'app.test' }, /node n1: its address app\.test is a name/],
  ['a node of AJP', { type: 'ajp' }, /node n1: HAProxy is not given nodes of type ajp/],
] as const)
  test(`${what} is told and does not stop the other nodes`, () => {
    const nodes = [member(1, { node: nodeOf(1, given) }), member(2)]
    const target = targetState([application('', nodes)], ['t1'], new Map())
    assert.match(target.problems.join(), problem)
    assert.deepEqual([...(target.servers.get('t1')?.keys() ?? [])], ['n2'])
  })

test('a path that could end a command is not written', () => {
  const { map, problems } = targetState([application('/a;b', [])], backends, new Map())
  assert.equal(map.size, 0)
  assert.match(problems.join(), /commands cannot name it/)
})

/** An HAProxy that answers in these pieces, whatever it is asked. */
async function fake(
  t: TestContext,
  pieces: readonly string[],
): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', async () => {
        for (const piece of pieces) {
          socket.write(piece)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

test('answers are read in whatever pieces they come', async (t) => {
  const address = await fake(t, ['\n', '> ', 'one\ntw', 'o\n\n>', ' \n> thr', 'ee\n\n', '> '])
  assert.deepEqual(await askHaproxy(address, ['a', 'b', 'c']), ['one\ntwo', '', 'three'])
})

test('a HAProxy that sends endlessly keeps no connection when all answers are there', async (t) => {
  let open = 0
  const server = createServer((socket) => {
    open++
    const drip = setInterval(() => socket.write('more '), 5)
    socket
      .on('error', () => {})
      .once('close', () => {
        open--
        clearInterval(drip)
      })
      .once('data', () => socket.write('\n> one\n> '))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  assert.deepEqual(await askHaproxy({ host: '127.0.0.1', port }, ['a']), ['one'])
  await until('the connection has ended', () => open === 0)
})

test('a HAProxy that answers slowly for ever is given up at the end of the writer, at once', async (t) => {
  const drips = new Set<NodeJS.Timeout>()
  const server = createServer((socket) => {
    drips.add(setInterval(() => socket.write('.'), 50))
    socket.on('error', () => {}).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const drip of drips) clearInterval(drip)
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const writer = new HaproxyWriter({
    address: { host: '127.0.0.1', port },
    addressText: 'x',
    mapFile: '/m',
    prefix: 't',
    serverOptions: '',
    read: () => [],
    log: silent,
    clock: systemClock,
  })
  writer.start()
  await until('it asks', () => drips.size > 0)
  const before = performance.now()
  await writer.close()
  assert.ok(performance.now() - before < 1_000)
})

test('failed commands are reported with the beginning of their answers, and some of them only', async (t) => {
  const nodes = Array.from({ length: 100 }, (_, at) => member(at + 1))
  const answers: readonly string[] = ['Pid: 1', '# name\nt1', stateText.slice(0, 60), '']
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const lines = bytes.toString().split('\n').slice(1, -1)
      const isLook = lines[0] === 'show info'
      const given = lines.map((_, at) => (isLook ? answers[at] : 'No such thing. '.repeat(100)))
      socket.write(['', ...given, ''].join('\n> '))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const writer = new HaproxyWriter({
    address: { host: '127.0.0.1', port },
    addressText: 'x',
    mapFile: '/m',
    prefix: 't',
    serverOptions: '',
    read: () => [application('/shop', nodes)],
    log: silent,
    clock: systemClock,
  })
  t.after(() => writer.close())
  writer.start()
  const problems = (): readonly string[] => writer.reports()[0]?.problems ?? []
  await until('commands have failed', () => problems().some((text) => text.startsWith('add')))
  assert.equal(problems().length, 20)
  assert.ok(problems().every((text) => text.length < 400))
})

test('an HAProxy that stops to answer is given up', async (t) => {
  const address = await fake(t, ['\n> ', 'half of an answer'])
  await assert.rejects(askHaproxy(address, ['a']), /HAProxy does not answer/)
})

test('the address of the runtime API is a path or a host with a port', () => {
  assert.deepEqual(haproxyAddress('/run/h.sock'), { path: '/run/h.sock' })
  assert.deepEqual(haproxyAddress('unix:/run/h.sock'), { path: '/run/h.sock' })
  assert.deepEqual(haproxyAddress('127.0.0.1:9999'), { host: '127.0.0.1', port: 9999 })
  for (const wrong of ['run/h.sock', '127.0.0.1:0', 'http://x/'])
    assert.equal(haproxyAddress(wrong), undefined, wrong)
})
