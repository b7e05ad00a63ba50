// The registry, message by message (mcmp.md 2 and decisions 24 to 50).

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { mcmpLimits } from '../../../src/base/limits.ts'
import { defaultHealthLimits, healthy, onConnectFailed } from '../../../src/cluster/health.ts'
import { contextLive } from '../../../src/cluster/live.ts'
import type { FixedNode } from '../../../src/cluster/registry/fixed.ts'
import { applyChange, emptySnapshot, findNode } from '../../../src/cluster/snapshot.ts'
import { ownOf } from '../../support/cluster-fixture.ts'
import { RegistryBench } from '../../support/registry-bench.ts'

const a = 'CONFIG / JVMRoute=a&Host=10.0.0.1&Port=81&Type=http'
const exists = 'MEM|MEM: Node with "a" JVMRoute already exists'
let bench: RegistryBench
beforeEach(() => {
  bench = new RegistryBench()
})

describe('CONFIG', () => {
  test('registers a node with the defaults of httpd', () => {
    bench.ok('CONFIG / JVMRoute=a')
    assert.deepEqual(bench.lines('Node'), [
      'Node: [0],Name: a,Balancer: mycluster,LBGroup: ,Host: localhost,Port: 8009,Type: ajp,Flushpackets: Off,Flushwait: 10,Ping: 10,Smax: -1,Ttl: 60,Elected: 0,Read: 0,Transfered: 0,Connected: 0,Load: 0',
    ])
    assert.match(
      bench.ok('DUMP /'),
      /^balancer: \[0\] Name: mycluster Sticky: 1 \[JSESSIONID\]\/\[jsessionid\] remove: 0 force: 1 Timeout: 0 maxAttempts: 1\n/,
    )
  })

  test('of the same worker updates it in place and keeps contexts, statuses and load', () => {
    bench.ok(a)
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/x')
    bench.ok('STATUS / JVMRoute=a&Load=40')
    bench.ok(`${a}&Domain=east&ping=3`)
    assert.deepEqual(bench.contexts('a'), ['x /x ENABLED'])
    assert.match(bench.lines('Node').join(), /LBGroup: east.*Ping: 3,.*Load: 40$/)
    assert.equal(bench.asked.length, 1, 'only STATUS asked')
  })

  test('with contexts stops them, also those that were enabled', () => {
    bench.ok(a)
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/x')
    bench.ok(`${a}&Alias=x,y&Context=/x`)
    assert.deepEqual(bench.contexts('a'), ['x /x STOPPED', 'y /x STOPPED'])
  })

  test('sets all settings of its balancer, defaults included, and warns when others are affected', () => {
    bench.ok(`${a}&StickySessionForce=no&WaitWorker=3`)
    const { warnings } = bench.send('CONFIG / JVMRoute=b&Host=10.0.0.2&Type=http')
    assert.match(bench.ok('DUMP /'), /force: 1 Timeout: 0/)
    assert.match(warnings.join(), /changes balancer mycluster for 1 other nodes/)
  })

  test('with an unknown type is shown, with a warning', () => {
    const { warnings } = bench.send('CONFIG / JVMRoute=a&Type=udp')
    assert.match(bench.lines('Node').join(), /Type: udp/)
    assert.match(warnings.join(), /udp/)
  })

  test('from a new address replaces a node that no longer answers, contexts included', () => {
    bench.ok(a)
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/x')
    bench.ok('STATUS / JVMRoute=a&Load=40')
    bench.dead.add('10.0.0.1:81')
    bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=82&Type=http')
    assert.deepEqual(bench.contexts('a'), ['x /x ENABLED'])
    assert.match(bench.lines('Node').join('\n'), /^Node: \[0\],Name: a,.*Port: 82.*Load: 0$/)
    assert.deepEqual([...bench.registry.snapshot.nodes.keys()], [2], 'a new registration')
  })

  test('from a new address is refused while the old one answers', () => {
    bench.ok(a)
    assert.equal(bench.refused('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=82&Type=http'), exists)
    bench.now += 60_000
    assert.equal(bench.refused('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=82&Type=http'), exists)
  })

  test('from a new address replaces a node marked for removal without a probe', () => {
    bench.ok(a)
    bench.ok('REMOVE-APP /* JVMRoute=a')
    bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=82&Type=http')
    assert.deepEqual(bench.asked, [])
    assert.equal(bench.lines('Node').length, 1)
  })

  for (const change of ['Balancer=other', 'Type=https', 'smax=4', 'ttl=9']) {
    test(`at the same address with ${change} is refused until it has been repeated for 5 s`, () => {
      const again = change.startsWith('Type')
        ? 'CONFIG / JVMRoute=a&Host=10.0.0.1&Port=81&Type=https'
        : `${a}&${change}`
      bench.ok(a)
      bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/x')
      assert.equal(bench.refused(again), exists)
      bench.now += 4_999
      assert.equal(bench.refused(again), exists)
      bench.now += 1
      bench.ok(again)
      assert.deepEqual(bench.contexts('a'), ['x /x ENABLED'])
    })
  }

  test('with Reversed is refused: as a conflict while there is one, else with its own reason', () => {
    const words = 'SYNTAX|SYNTAX: Reversed is not supported: this proxy connects to its nodes'
    assert.equal(bench.refused(`${a}&Reversed=yes`), words)
    bench.ok(`${a}&Reversed=no`)
    assert.equal(bench.refused(`${a}&Reversed=true`), exists)
    bench.now += 5_000
    assert.equal(bench.refused(`${a}&Reversed=true`), words)
  })

  test('that is repeated with other values starts to wait again', () => {
    bench.ok(a)
    bench.refused(`${a}&ttl=9`)
    bench.now += 6_000
    assert.equal(bench.refused(`${a}&ttl=8`), exists)
  })

  test('of another route at the address of a node that answers is refused', () => {
    bench.ok(a)
    const rival = a.replace('JVMRoute=a', 'JVMRoute=b')
    assert.equal(bench.refused(rival), 'MEM|MEM: Another for the same worker already exist')
    bench.dead.add('10.0.0.1:81')
    bench.ok(rival)
    assert.equal(bench.send('STATUS / JVMRoute=a').reply.ok, true)
    assert.match(bench.ok('STATUS / JVMRoute=a'), /State=NOTOK/)
  })

  test('of another route at the same address is accepted when it is repeated and the old one is silent', () => {
    bench.ok(a)
    const rival = a.replace('JVMRoute=a', 'JVMRoute=b')
    bench.refused(rival)
    bench.now += 5_000
    bench.live.of(1).statusAt = bench.now
    bench.refused(rival)
    bench.live.of(1).statusAt = 0
    bench.ok(rival)
    assert.match(bench.ok('STATUS / JVMRoute=a'), /State=NOTOK/)
  })

  test('does not revive a removed node whose address another one has', () => {
    bench.ok(a)
    bench.ok('REMOVE-APP /* JVMRoute=a')
    bench.ok(a.replace('JVMRoute=a', 'JVMRoute=b'))
    assert.equal(bench.refused(a), 'MEM|MEM: Another for the same worker already exist')
  })

  test('an unanswered question keeps the registered node', () => {
    bench.ok(a)
    const message = {
      method: 'CONFIG',
      route: 'a',
      host: '10.0.0.1',
      port: 82,
      type: 'http',
      aliases: [],
      contexts: [],
    } as const
    const { reply } = bench.registry.apply(message, {
      now: 0,
      answers: new Map(),
      live: (id) => bench.live.of(id),
    })
    assert.equal(reply.ok, false)
  })
})

describe('full tables', () => {
  const small = (limits: object) => new RegistryBench({ limits: { ...mcmpLimits, ...limits } })

  test('of nodes and balancers refuse a registration', () => {
    bench = small({ nodesMax: 1 })
    bench.ok(a)
    assert.equal(
      bench.refused('CONFIG / JVMRoute=b&Host=h'),
      'MEM|MEM: Can\'t update or insert node with "b" JVMRoute',
    )
    bench = small({ balancersMax: 1 })
    bench.ok(a)
    assert.equal(
      bench.refused('CONFIG / JVMRoute=b&Host=h&Balancer=two'),
      'MEM|MEM: Can\'t update or insert balancer for node with "b" JVMRoute',
    )
  })

  test('of aliases and contexts name each failure of a CONFIG and keep what fitted', () => {
    bench = small({ contextsMax: 3, hostsMax: 1 })
    const { reply } = bench.send(`${a}&Alias=x,y&Context=/1,/2,/3,/4`)
    assert.deepEqual(reply, {
      ok: false,
      type: 'MEM',
      text: 'MEM: Can\'t update or insert host alias for node with "a" JVMRoute (y), MEM: Can\'t update or insert context for node with "a" JVMRoute (/4 and alias: x)',
    })
    assert.deepEqual(bench.contexts('a'), ['x /1 STOPPED', 'x /2 STOPPED', 'x /3 STOPPED'])
  })

  test('are no error for ENABLE-APP: the reply lacks what failed', () => {
    bench = small({ contextsMax: 1 })
    bench.ok(a)
    assert.equal(
      bench.ok('ENABLE-APP / JVMRoute=a&Alias=x,y&Context=/1,/2'),
      'Type=ENABLE-APP-RSP\nJvmRoute=a\nAlias=x Contexts=/1\n\n',
    )
  })
})

describe('commands on contexts', () => {
  beforeEach(() => {
    bench.ok(a)
  })

  test('enable, disable and stop create what is missing; remove does not', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/e')
    bench.ok('DISABLE-APP / JVMRoute=a&Alias=x&Context=/d')
    bench.ok('STOP-APP / JVMRoute=a&Alias=x&Context=/s')
    bench.ok('REMOVE-APP / JVMRoute=a&Alias=x&Context=/r')
    assert.deepEqual(bench.contexts('a'), ['x /e ENABLED', 'x /d DISABLED', 'x /s STOPPED'])
  })

  test('lists, repeated keys and single messages result in the same contexts', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x,y&Context=/1,/2')
    const lists = bench.contexts('a')
    bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Type=http')
    bench.ok('ENABLE-APP / JVMRoute=b&Context=/1&Alias=x&Context=/2&Alias=y')
    assert.deepEqual(bench.contexts('b'), lists)
    assert.equal(lists.length, 4)
  })

  test('an alias is case-insensitive and shown as first sent; a leading slash makes no difference', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=Shop.Test&Context=/x')
    bench.ok('STOP-APP / JVMRoute=a&Alias=shop.test&Context=x')
    assert.deepEqual(bench.contexts('a'), ['Shop.Test /x STOPPED'])
  })

  test('STOP-APP returns the requests in flight on the contexts that it names', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1,/2,/3')
    for (const [path, inFlight] of [
      ['/1', 3],
      ['/2', 1],
      ['/3', 50],
    ] as const)
      contextLive(bench.live.of(1), path).inFlight = inFlight
    assert.equal(
      bench.ok('STOP-APP / JVMRoute=a&Alias=x,y&Context=/1,/2,2/'),
      'Type=STOP-APP-RSP&JvmRoute=a&Alias=x,y&Context=/1,/2,2/&Requests=4\n',
    )
    assert.match(bench.ok('STOP-APP / JVMRoute=a&Alias=x&Context=/9'), /&Requests=0\n$/)
  })

  test('the count of a context is dropped with it, once no request is in flight', () => {
    const { contexts } = bench.live.of(1)
    contextLive(bench.live.of(1), '/1').inFlight = 1
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1,/2')
    bench.ok('REMOVE-APP / JVMRoute=a&Alias=x&Context=/1,/2')
    assert.deepEqual([...contexts.keys()], ['/1'])
    contextLive(bench.live.of(1), '/1').inFlight = 0
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/3')
    assert.deepEqual([...contexts.keys()], [])
  })

  test('the reply to REMOVE-APP names every requested context under existing aliases', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1')
    assert.equal(
      bench.ok('REMOVE-APP / JVMRoute=a&Alias=x,z&Context=/1,/2'),
      'Type=REMOVE-APP-RSP\nJvmRoute=a\nAlias=x Contexts=/1,/2\n\n',
    )
    assert.deepEqual(bench.lines('Vhost'), [])
  })

  test('enabling a path that another balancer has is allowed, with a warning', () => {
    bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Type=http&Balancer=two')
    bench.ok('ENABLE-APP / JVMRoute=b&Alias=x&Context=/1')
    const { reply, warnings } = bench.send('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1')
    assert.equal(reply.ok, true)
    assert.deepEqual(warnings, ['/1 of a is also in balancer two, on b'])
  })

  test('on the whole node set every existing context and have an empty reply', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1,/2')
    assert.equal(bench.ok('STOP-APP //* JVMRoute=a'), '')
    assert.deepEqual(bench.contexts('a'), ['x /1 STOPPED', 'x /2 STOPPED'])
    bench.ok('ENABLE-APP * JVMRoute=a')
    assert.deepEqual(bench.contexts('a'), ['x /1 ENABLED', 'x /2 ENABLED'])
  })

  test('of an unknown route, and of a removed node, are answered so that the node registers again', () => {
    const unknown = (route: string) => `MEM|MEM: Can't read node with "${route}" JVMRoute`
    for (const line of [
      'ENABLE-APP / JVMRoute=q&Alias=x&Context=/x',
      'REMOVE-APP /* JVMRoute=q',
      'STATUS / JVMRoute=q',
      'PING / JVMRoute=q',
    ])
      assert.equal(bench.refused(line), unknown('q'))
    bench.ok('REMOVE-APP /* JVMRoute=a')
    assert.equal(bench.refused('ENABLE-APP / JVMRoute=a&Alias=x&Context=/x'), unknown('a'))
    assert.equal(bench.refused('REMOVE-APP /* JVMRoute=a'), unknown('a'))
  })
})

describe('commands of Java nodes', () => {
  const java = 'ClusterListener/1.0'
  const app = (line: string, userAgent: string = java): string =>
    bench.ok(line.replace(' /shop', ' / JVMRoute=a&Alias=x&Context=/shop'), userAgent)
  beforeEach(() => {
    bench.ok(a, java)
    app('ENABLE-APP /shop')
  })

  test('DISABLE-APP leaves what STOP-APP stopped, with the usual reply, until ENABLE-APP', () => {
    app('DISABLE-APP /shop')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
    app('STOP-APP /shop')
    const usual = app('DISABLE-APP /shop')
    assert.match(usual, /^Type=DISABLE-APP-RSP\nJvmRoute=a\nAlias=x Contexts=\/shop\n/)
    bench.ok('DISABLE-APP /* JVMRoute=a', java)
    assert.deepEqual(bench.contexts('a'), ['x /shop STOPPED'])
    app('ENABLE-APP /shop')
    app('DISABLE-APP /shop')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
  })

  test('the same after STOP-APP for the whole node, and after the stop of an operator', () => {
    for (const stop of ['STOP-APP /* JVMRoute=a', 'STOP-APP / JVMRoute=a&Alias=x&Context=/shop']) {
      app('ENABLE-APP /shop')
      bench.ok(stop)
      app('DISABLE-APP /shop')
      app('STOP-APP /shop')
      app('DISABLE-APP /shop')
      assert.deepEqual(bench.contexts('a'), ['x /shop STOPPED'], stop)
    }
  })

  test('other contexts and aliases of the message are disabled', () => {
    app('STOP-APP /shop')
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/news', java)
    bench.ok('DISABLE-APP / JVMRoute=a&Alias=x,y&Context=/shop,/news', java)
    assert.deepEqual(bench.contexts('a'), [
      'x /shop STOPPED',
      'x /news DISABLED',
      'y /shop DISABLED',
      'y /news DISABLED',
    ])
  })

  test('after a new CONFIG a stopped context may be disabled', () => {
    app('STOP-APP /shop')
    bench.ok(a, java)
    assert.deepEqual(bench.contexts('a'), ['x /shop STOPPED'])
    app('DISABLE-APP /shop')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
    bench.ok(`${a}&Alias=x&Context=/shop`, java)
    app('DISABLE-APP /shop')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
  })

  test('a node that does not enable its contexts itself stops and then disables a new one', () => {
    app('REMOVE-APP /shop')
    app('STOP-APP /shop')
    app('STOP-APP /shop')
    app('DISABLE-APP /shop')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
  })

  test('DISABLE-APP of all other nodes disables a stopped context, as in httpd', () => {
    app('STOP-APP /shop')
    app('DISABLE-APP /shop', 'Topspin')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
    app('STOP-APP /shop')
    bench.ok('DISABLE-APP /* JVMRoute=a')
    assert.deepEqual(bench.contexts('a'), ['x /shop DISABLED'])
  })
})

describe('groups of aliases', () => {
  const groups = () =>
    bench.lines('Vhost').map((line) => line.replace(/^Vhost: \[0:(\d+):\d+\], Alias: /, '$1 '))
  beforeEach(() => {
    bench.ok(a)
  })

  test('of one message have one vhost id, in context lines too', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x,y&Context=/1')
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=z&Context=/1')
    assert.deepEqual(groups(), ['1 x', '1 y', '2 z'])
    assert.deepEqual(bench.lines('Context'), [
      'Context: [0:1:0], Context: /1, Status: ENABLED',
      'Context: [0:1:1], Context: /1, Status: ENABLED',
      'Context: [0:2:2], Context: /1, Status: ENABLED',
    ])
  })

  test('grow by overlapping messages from 2 to 3 to 5', () => {
    for (const aliases of ['a,b', 'a,b,c', 'a,b,c,d,e'])
      bench.ok(`ENABLE-APP / JVMRoute=a&Alias=${aliases}&Context=/1`)
    assert.deepEqual(groups(), ['1 a', '1 b', '1 c', '1 d', '1 e'])
  })

  test('are split by a message that names only some of them', () => {
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x,y&Context=/1')
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/2')
    assert.deepEqual(groups(), ['2 x', '1 y'])
  })

  test('have rows in order of arrival, and free rows are reused', () => {
    const rows = (word: string): string[] =>
      bench.lines(word).map((line) => line.replace(/\[(\d+):\d+:(\d+)\]/, '$1 $2'))
    bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Type=http')
    bench.ok('ENABLE-APP / JVMRoute=b&Alias=x&Context=/1,/2')
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=y&Context=/3')
    bench.ok('ENABLE-APP / JVMRoute=b&Alias=z&Context=/4')
    assert.deepEqual(rows('Vhost'), [
      'Vhost: 1 0, Alias: x',
      'Vhost: 0 1, Alias: y',
      'Vhost: 1 2, Alias: z',
    ])
    bench.ok('REMOVE-APP / JVMRoute=b&Alias=x&Context=/1,/2')
    bench.ok('DISABLE-APP / JVMRoute=a&Alias=w&Context=/5')
    assert.deepEqual(rows('Vhost'), [
      'Vhost: 0 0, Alias: w',
      'Vhost: 0 1, Alias: y',
      'Vhost: 1 2, Alias: z',
    ])
    assert.deepEqual(rows('Context'), [
      'Context: 0 0, Context: /5, Status: DISABLED',
      'Context: 0 2, Context: /3, Status: ENABLED',
      'Context: 1 3, Context: /4, Status: ENABLED',
    ])
  })

  test('show the least enabled status of a path last within one host, else in order of arrival', () => {
    const statuses = (): string[] =>
      bench.lines('Context').map((line) => line.replace(/.*Context: (.*), Status: (.*)/, '$1 $2'))
    bench.ok('STOP-APP / JVMRoute=a&Alias=x&Context=/1')
    bench.ok('DISABLE-APP / JVMRoute=a&Alias=y&Context=/1')
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=z&Context=/1')
    assert.deepEqual(statuses(), ['/1 STOPPED', '/1 DISABLED', '/1 ENABLED'])
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x,y,z&Context=/2')
    assert.deepEqual(statuses().slice(0, 3), ['/1 ENABLED', '/1 DISABLED', '/1 STOPPED'])
  })
})

describe('STATUS', () => {
  beforeEach(() => {
    bench.ok(a)
  })

  test('stores the load and shows it', () => {
    for (const load of [0, 100, -1, 50]) {
      assert.equal(
        bench.ok(`STATUS / JVMRoute=a&Load=${load}`),
        'Type=STATUS-RSP&JVMRoute=a&State=OK&id=77\n',
      )
      assert.match(bench.lines('Node').join(), new RegExp(`Load: ${load}$`))
    }
    assert.equal(bench.asked.length, 3, 'a node that says -1 is not asked')
  })

  test('of a node that does not answer is NOTOK and stores nothing', () => {
    bench.ok('STATUS / JVMRoute=a&Load=50')
    bench.dead.add('10.0.0.1:81')
    assert.match(bench.ok('STATUS / JVMRoute=a&Load=70'), /State=NOTOK/)
    assert.match(bench.lines('Node').join(), /Load: 50$/)
  })

  test('without a load changes nothing', () => {
    assert.deepEqual(bench.send('STATUS / JVMRoute=a').changes, [])
  })

  test('that makes a node eligible raises its epoch', () => {
    const live = bench.live.of(1)
    for (const [load, raised] of [
      [50, true],
      [60, false],
      [0, false],
      [1, true],
      [-1, false],
      [9, true],
    ] as const) {
      const { epoch } = live
      bench.ok(`STATUS / JVMRoute=a&Load=${load}`)
      assert.equal(live.epoch > epoch, raised, `load ${load}`)
    }
  })
})

describe('PING', () => {
  test('of the proxy itself is OK', () =>
    assert.equal(bench.ok('PING /'), 'Type=PING-RSP&State=OK&id=77\n'))

  test('of a route probes that node', () => {
    bench.ok(a)
    assert.match(bench.ok('PING / JVMRoute=a'), /JVMRoute=a&State=OK/)
    bench.dead.add('10.0.0.1:81')
    assert.match(bench.ok('PING / JVMRoute=a'), /JVMRoute=a&State=NOTOK/)
  })

  test('of an address connects to registered workers only', () => {
    bench.ok(a)
    assert.match(bench.ok('PING / Scheme=ws&Host=10.0.0.1&Port=81'), /State=OK/)
    for (const other of [
      'Scheme=https&Host=10.0.0.1&Port=81',
      'Scheme=http&Host=10.0.0.1&Port=22',
      'Scheme=ajp&Host=10.0.0.1&Port=81',
    ])
      assert.match(bench.ok(`PING / ${other}`), /^Type=PING-RSP&State=NOTOK/)
    assert.deepEqual(bench.asked, ['10.0.0.1:81'])
  })
})

describe('removal', () => {
  const names = () =>
    bench.lines('Node').map((line) => /Name: (.*?),.*LBGroup: (.*?),/.exec(line)?.slice(1).join())
  const after = (ms: number) => {
    bench.now += ms
    bench.tick()
    return names()
  }
  beforeEach(() => {
    bench.ok(`${a}&Domain=d`)
    bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/1')
    bench.ok('STATUS / JVMRoute=a&Load=50')
    bench.ok('REMOVE-APP /* JVMRoute=a')
  })

  test('drops the contexts at once, the name after 10 s, the line after 20 s', () => {
    assert.deepEqual(bench.lines('Context'), [])
    assert.deepEqual(after(9_999), ['a,d'])
    assert.deepEqual(after(1), ['REMOVED,'])
    assert.deepEqual(after(9_999), ['REMOVED,'])
    assert.deepEqual(after(1), [])
  })

  test('keeps the line while requests are in flight', () => {
    after(10_000)
    bench.live.of(1).inFlight = 1
    assert.deepEqual(after(30_000), ['REMOVED,'])
    bench.live.of(1).inFlight = 0
    assert.deepEqual(after(0), [])
  })

  test('is undone by CONFIG, with the load as it was', () => {
    const { epoch } = bench.live.of(1)
    bench.ok(a)
    assert.deepEqual(after(30_000), ['a,'])
    assert.match(bench.lines('Node').join(), /Load: 50$/)
    assert.equal(bench.live.of(1).epoch, epoch + 1)
  })

  test('never shows two lines of one name, even when the route returns after its name was gone', () => {
    after(10_000)
    bench.ok(a)
    assert.deepEqual(names(), ['a,'])
    bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Type=http')
    assert.deepEqual(
      bench.lines('Node').map((line) => line.slice(0, 15)),
      ['Node: [0],Name:', 'Node: [1],Name:'],
      'rows are used again',
    )
  })

  test('leaves a line beside that of the same route at another address', () => {
    after(10_000)
    bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.7&Type=http')
    assert.deepEqual(names(), ['REMOVED,', 'a,'])
    assert.deepEqual(after(10_000), ['a,'])
  })

  test('without a message works the same way', () => {
    bench.ok(a)
    bench.registry.remove(1, bench.now)
    assert.match(bench.ok('STATUS / JVMRoute=a&Load=9'), /State=NOTOK/)
    assert.deepEqual(after(10_000), ['REMOVED,'])
  })
})

describe('nodes of the configuration', () => {
  beforeEach(() => {
    const before = bench.registry.snapshot
    const changes = bench.registry.addFixed([{ route: 'f', host: '10.0.0.9', port: 99 }])
    assert.deepEqual(
      changes.map((change) => change.kind),
      ['balancer', 'node', 'contexts', 'load'],
    )
    assert.deepEqual(changes.reduce(applyChange, before), bench.registry.snapshot)
  })

  test('serve all paths at once', () =>
    assert.deepEqual(bench.contexts('f'), ['localhost / ENABLED']))

  test('are not removed by messages or time', () => {
    assert.equal(
      bench.refused('REMOVE-APP /* JVMRoute=f'),
      'MEM|MEM: Can\'t remove node with "f" JVMRoute: it is configured',
    )
    assert.deepEqual(bench.registry.remove(1, bench.now), [])
  })

  test('keep their route and their address', () => {
    bench.dead.add('10.0.0.9:99')
    assert.match(bench.refused('CONFIG / JVMRoute=f&Host=10.0.0.8&Type=http'), /already exists/)
    assert.match(
      bench.refused('CONFIG / JVMRoute=g&Host=10.0.0.9&Port=99&Type=http'),
      /already exist$/,
    )
  })

  test('added again stay one node', () => {
    bench.registry.addFixed([{ route: 'f', host: '10.0.0.9', port: 99 }])
    assert.deepEqual(bench.contexts('f'), ['localhost / ENABLED'])
    assert.equal(bench.lines('Node').length, 1)
  })
})

describe('fixed nodes of a program', () => {
  const many: readonly FixedNode[] = [
    {
      route: 'a',
      host: '10.0.0.1',
      port: 1,
      aliases: ['x.test', 'y.test'],
      contexts: ['/p', '/q'],
    },
    { route: 'b', host: '10.0.0.2', port: 2, balancer: 'Other', own: ownOf() },
    { route: 'c', host: '10.0.0.3', port: 3, balancer: 'other', domain: 'd' },
    { route: 'd', host: '10.0.0.1', port: 1, type: 'h2c' },
  ]
  const state = ({ registry: { snapshot } }: RegistryBench): object => ({
    version: snapshot.version,
    balancers: [...snapshot.balancers],
    nodes: [...snapshot.nodes],
    contexts: [...snapshot.contexts].sort(([one], [other]) => one - other),
    rows: [snapshot.contextRows.lowestFree(), snapshot.hostRows.lowestFree()],
  })

  test('that are put in together are the same as one after the other', () => {
    const [together, apart] = [new RegistryBench(), new RegistryBench()]
    const changes = together.registry.addFixed(many)
    const each = many.flatMap((node) => apart.registry.addFixed([node]))
    assert.deepEqual(changes, each)
    assert.deepEqual(state(together), state(apart))
  })

  test('of which two have one route are one node', () => {
    const one = new RegistryBench()
    one.registry.addFixed([...many, { route: 'a', host: '10.0.0.9', port: 9 }])
    assert.equal(one.registry.snapshot.nodes.size, many.length)
    assert.equal(findNode(one.registry.snapshot, 'a')?.port, 9)
  })

  test('with a key or a value that is wrong are refused with what would be right', () => {
    const one = new RegistryBench()
    const add = (given: object) => () =>
      one.registry.addFixed([...many, { route: 'f', host: '10.0.0.9', port: 99, ...given }])
    assert.throws(add({ context: ['/a'] }), { code: 'BAD_OPTION', message: /f: .*contexts/ })
    assert.throws(add({ contexts: '/a' }), { code: 'BAD_OPTION', message: /\["\/a"\]/ })
    assert.equal(one.registry.snapshot, emptySnapshot)
  })
})

describe('entries of the configuration', () => {
  const add = (given: Partial<FixedNode>) =>
    bench.registry.addFixed([{ route: 'f', host: '10.0.0.9', port: 99, own: ownOf(), ...given }])

  test('that have not changed make no changes', () => {
    add({ aliases: ['*'], contexts: ['/a', '/b'] })
    assert.deepEqual(add({ aliases: ['*'], contexts: ['/a', '/b'] }), [])
  })

  test('lose the contexts that they name no longer, and keep the status of the others', () => {
    add({ contexts: ['/a', '/b'] })
    bench.ok('DISABLE-APP / JVMRoute=f&Alias=localhost&Context=/b')
    add({ contexts: ['/b', '/c'] })
    assert.deepEqual(bench.contexts('f'), ['localhost /b DISABLED', 'localhost /c ENABLED'])
  })

  for (const route of ['f', 'g'])
    test(`that are dropped leave their address at once to a node that registers as ${route}, and none of their settings`, () => {
      add({ own: ownOf({ backup: true }) })
      const [fixed] = bench.registry.snapshot.nodes.values()
      bench.live.of(fixed?.id ?? 0).health = onConnectFailed(
        healthy,
        { reason: 'ECONNREFUSED', refused: true },
        0,
        () => 0,
        defaultHealthLimits,
      )
      bench.registry.dropFixed(new Set(), bench.now)
      bench.ok(`CONFIG / JVMRoute=${route}&Host=10.0.0.9&Port=99&Type=http`)
      bench.ok(`ENABLE-APP / JVMRoute=${route}&Alias=localhost&Context=/`)
      const node = findNode(bench.registry.snapshot, route)
      assert.deepEqual([node?.removal, node?.fixed, node?.own], ['none', false, undefined])
      assert.deepEqual(bench.contexts(route), ['localhost / ENABLED'])
      assert.equal(bench.live.of(node?.id ?? 0).health.kind, 'up')
    })

  test('that change their settings stay the same node', () => {
    const [id] = bench.registry.snapshot.nodes.keys()
    add({})
    const changes = add({ own: ownOf({ backup: true }) })
    assert.deepEqual(
      changes.map((change) => change.kind),
      ['node'],
    )
    assert.equal(bench.lines('Node').length, 1)
    assert.equal(id, undefined)
  })
})

test('the changes of every message turn the snapshot before into the one after', () => {
  let mirror = emptySnapshot
  const lines = [
    a,
    `${a}&Alias=x&Context=/x`,
    'ENABLE-APP /* JVMRoute=a',
    'STATUS / JVMRoute=a&Load=5',
    'REMOVE-APP /* JVMRoute=a',
    a,
  ]
  for (const line of lines) {
    mirror = bench.send(line).changes.reduce(applyChange, mirror)
    assert.deepEqual(mirror, bench.registry.snapshot)
  }
})

test('an alias that can match no host is warned about, one that can is not', () => {
  const bench = new RegistryBench()
  bench.send('CONFIG / JVMRoute=a&Host=10.0.0.1')
  const warned = (alias: string): boolean =>
    bench
      .send(`ENABLE-APP / JVMRoute=a&Alias=${alias}&Context=/1`)
      .warnings.some((text) => /matches no host/.test(text))
  for (const alias of [
    'www.*',
    '*shop',
    'a.*.b',
    '*.*.a',
    'b\u00fccher.test',
    '*.b\u00fccher.test',
    '[x]',
  ])
    assert.equal(warned(alias), true, alias)
  for (const alias of [
    '*',
    '*.a.test',
    'a.test.',
    'a:80',
    '[::1]:80',
    '2001:DB8::1',
    'xn--bcher-kva.test',
  ])
    assert.equal(warned(alias), false, alias)
})

test('a balancer that no node has any more gives its row to a new one', () => {
  const few = new RegistryBench({ limits: { ...mcmpLimits, balancersMax: 2 } })
  const config = (route: string, balancer: string): boolean =>
    few.send(`CONFIG / JVMRoute=${route}&Host=10.0.0.${route}&Balancer=${balancer}`).reply.ok
  assert.equal(config('1', 'one'), true)
  assert.equal(config('2', 'two'), true)
  assert.equal(config('3', 'three'), false)
  for (let i = 0; i < 10; i++) {
    few.send('REMOVE-APP /* JVMRoute=2')
    assert.equal(config('2', `name-${i}`), true, `name ${i}`)
  }
  const { balancers } = few.registry.snapshot
  assert.deepEqual([...balancers.keys()].sort(), ['name-9', 'one'])
  assert.deepEqual([...balancers.values()].map(({ slot }) => slot).sort(), [0, 1])
})
