// Orders of operators beside what a node says itself.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mcmpLimits } from '../../../../src/base/limits.ts'
import { changesFrom } from '../../../../src/cluster/changes-from.ts'
import { ownStatusOf } from '../../../../src/cluster/context.ts'
import { readState, writeState } from '../../../../src/cluster/state-text.ts'
import { RegistryBench } from '../../../support/registry-bench.ts'

const own = { from: '10.0.0.1' }
const operator = { from: '10.9.9.9' }
const command = { from: '10.0.0.1', sender: 'operator' }
const java = 'ClusterListener/1.0'

/** A node at 10.0.0.1 with /a and /b. */
function bench(options = {}): RegistryBench {
  const made = new RegistryBench(options)
  register(made)
  return made
}

function register(on: RegistryBench, port = 80): void {
  on.send(`CONFIG / JVMRoute=n&Host=10.0.0.1&Port=${port}&Type=http`, '', own)
  on.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a,/b', '', own)
}

/** `/a SES`: effective STOPPED, own ENABLED, ordered STOPPED; by first letters. */
function contexts({ registry }: RegistryBench): string {
  const node = registry.snapshot.nodes.withRoute('n')
  const rows = registry.snapshot.contexts.get(node?.id ?? -1) ?? []
  const letter = (word = '-'): string => word.slice(0, 1)
  return rows
    .map((row) => `${row.path} ${[row.status, ownStatusOf(row), row.order].map(letter).join('')}`)
    .join(', ')
}

describe('an order', () => {
  test('holds through the messages of the node, and the less enabled status counts', () => {
    const all = bench()
    all.send('DISABLE-APP /* JVMRoute=n', '', command)
    assert.equal(contexts(all), '/a DED, /b DED')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a,/b', '', own)
    assert.equal(contexts(all), '/a DED, /b DED')
    all.send('STOP-APP / JVMRoute=n&Alias=x&Context=/b', '', own)
    assert.equal(contexts(all), '/a DED, /b SSD')
    all.send('ENABLE-APP /* JVMRoute=n', '', command)
    assert.equal(contexts(all), '/a EE-, /b SS-', 'what the node has set stays')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/b', '', own)
    assert.equal(contexts(all), '/a EE-, /b EE-')
  })

  test('holds through a new registration, another address, a removal and a new context', () => {
    const all = bench()
    all.send('STOP-APP /* JVMRoute=n', '', command)
    register(all)
    assert.equal(contexts(all), '/a SES, /b SES')
    all.dead.add('10.0.0.1:80')
    register(all, 81)
    assert.equal(contexts(all), '/a SES, /b SES')
    all.send('REMOVE-APP / JVMRoute=n&Alias=x&Context=/a', '', own)
    all.send('ENABLE-APP / JVMRoute=n&Alias=X&Context=/a,/c', '', own)
    assert.equal(contexts(all), '/b SES, /a SES, /c SES')
    for (const remover of [own, command]) {
      all.send('REMOVE-APP /* JVMRoute=n', '', remover)
      register(all, 81)
      assert.equal(contexts(all), '/a SES, /b SES')
    }
    all.send('REMOVE-APP /* JVMRoute=n', '', own)
    for (let i = 0; i < 3; i++) {
      all.now += 20_000
      all.tick()
    }
    assert.equal(all.registry.snapshot.nodes.size, 0)
    register(all, 82)
    assert.equal(contexts(all), '/a SES, /b SES')
  })

  test('for one context outranks that for the node until the next one for the node', () => {
    const all = bench()
    all.send('STOP-APP / JVMRoute=n&Alias=x&Context=/a', '', command)
    assert.equal(contexts(all), '/a SES, /b EE-')
    all.send('DISABLE-APP /* JVMRoute=n', '', command)
    assert.equal(contexts(all), '/a DED, /b DED')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/b', '', command)
    assert.equal(contexts(all), '/a DED, /b EE-')
    register(all)
    assert.equal(contexts(all), '/a DED, /b EE-')
    all.send('ENABLE-APP /* JVMRoute=n', '', command)
    assert.equal(contexts(all), '/a EE-, /b EE-')
    assert.equal(all.registry.snapshot.orders.size, 0)
  })

  test('survives the state file, for a node that is not registered too', () => {
    const all = bench()
    all.send('DISABLE-APP /* JVMRoute=n', '', command)
    for (const isRemoved of [false, true]) {
      if (isRemoved) all.send('REMOVE-APP /* JVMRoute=n', '', own)
      const changes = changesFrom(all.registry.snapshot, all.live)
      const text = writeState({ writer: { pid: 1, machine: 'm' }, changes })
      const saved = readState(Buffer.from(text))
      assert.ok(!('problem' in saved), JSON.stringify(saved))
      const next = new RegistryBench()
      next.registry.restore(saved.changes, 0)
      if (!isRemoved) assert.equal(contexts(next), '/a DED, /b DED')
      register(next)
      assert.equal(contexts(next), '/a DED, /b DED')
      next.send('ENABLE-APP /* JVMRoute=n', '', command)
      assert.equal(contexts(next), '/a EE-, /b EE-')
    }
  })

  test('for a fixed node holds through reloads, and can be ended after them', () => {
    const all = new RegistryBench()
    const reload = (port = 80): void =>
      void all.registry.addFixed([{ route: 'n', host: '10.0.0.1', port, contexts: ['/a', '/b'] }])
    reload()
    all.send('DISABLE-APP /* JVMRoute=n', '', command)
    reload()
    assert.equal(contexts(all), '/a DED, /b DED')
    reload(81)
    assert.equal(contexts(all), '/a DED, /b DED')
    all.send('STOP-APP / JVMRoute=n&Alias=localhost&Context=/b', '', own)
    reload(81)
    assert.equal(contexts(all), '/a DED, /b SSD')
    all.send('ENABLE-APP /* JVMRoute=n', '', command)
    assert.equal(contexts(all), '/a EE-, /b SS-')
  })

  test('leaves the rule for the second DISABLE-APP of a Java node as it is', () => {
    const all = bench()
    all.send('DISABLE-APP /* JVMRoute=n', '', command)
    all.send('STOP-APP / JVMRoute=n&Alias=x&Context=/a', java, own)
    all.send('DISABLE-APP / JVMRoute=n&Alias=x&Context=/a', java, own)
    assert.equal(contexts(all), '/a SSD, /b DED')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a', java, own)
    assert.equal(contexts(all), '/a DED, /b DED')
  })
})

describe('the sender of a message is', () => {
  const stop = 'STOP-APP / JVMRoute=n&Alias=x&Context=/a'

  test('the node at its own address, and an operator elsewhere', () => {
    for (const [from, expected] of [
      [own, '/a SS-, /b EE-'],
      [operator, '/a SES, /b EE-'],
      [{}, '/a SS-, /b EE-'],
      [{ from: '10.9.9.9', sender: 'node' }, '/a SS-, /b EE-'],
      [command, '/a SES, /b EE-'],
    ] as const) {
      const all = bench()
      all.send(stop, '', from)
      assert.equal(contexts(all), expected, JSON.stringify(from))
    }
  })

  test('the node where both addresses are those of localhost', () => {
    const all = new RegistryBench()
    all.send('CONFIG / JVMRoute=n&Host=localhost&Port=80&Type=http', '', { from: '127.0.0.1' })
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a', '', { from: '::1' })
    all.send(stop, '', { from: '::1' })
    assert.equal(contexts(all), '/a SS-')
  })

  test('the node where its User-Agent is that of a Java node or an agent, from any address', () => {
    for (const userAgent of [java, 'Topspin']) {
      const all = bench()
      all.send(stop, userAgent, operator)
      assert.equal(contexts(all), '/a SS-, /b EE-', userAgent)
    }
  })

  test('the node where it comes from the address that the node has registered from', () => {
    const all = new RegistryBench()
    const nat = { from: '172.17.0.1' }
    all.send('CONFIG / JVMRoute=n&Host=app.test&Port=80&Type=http', '', nat)
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a', '', nat)
    all.send(stop, '', nat)
    assert.equal(contexts(all), '/a SS-')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/a', '', operator)
    assert.equal(contexts(all), '/a SS-', 'an operator ends orders of operators only')
    all.send('ENABLE-APP / JVMRoute=n&Alias=x&Context=/new', '', operator)
    assert.equal(contexts(all), '/a SS-, /new EE-', 'a context that is missing is created')
  })
})

describe('orders for nodes that are not registered', () => {
  test('are changed by operators alone, where there are any', () => {
    const all = bench()
    assert.equal(all.send('STOP-APP /* JVMRoute=other', '', command).reply.ok, false)
    all.send('STOP-APP /* JVMRoute=n', '', command)
    all.send('REMOVE-APP /* JVMRoute=n', '', own)
    assert.equal(all.send('ENABLE-APP /* JVMRoute=n', '', own).reply.ok, false)
    assert.equal(all.send('DISABLE-APP /* JVMRoute=n', '', command).reply.ok, true)
    register(all)
    assert.equal(contexts(all), '/a DED, /b DED')
    all.send('REMOVE-APP /* JVMRoute=n', '', own)
    assert.equal(all.send('ENABLE-APP /* JVMRoute=n', '', command).reply.ok, true)
    register(all)
    assert.equal(contexts(all), '/a EE-, /b EE-')
  })

  test('are forgotten after a week, and not while the node is registered', () => {
    const all = bench()
    all.send('STOP-APP /* JVMRoute=n', '', command)
    all.tick()
    all.now += 2 * mcmpLimits.ordersKeptMs
    all.tick()
    assert.equal(all.registry.snapshot.orders.size, 1)
    all.send('REMOVE-APP /* JVMRoute=n', '', own)
    all.tick()
    all.now += mcmpLimits.ordersKeptMs - 1
    all.tick()
    assert.equal(all.registry.snapshot.orders.size, 1)
    all.now += 1
    const { warnings } = all.registry.tick({ now: all.now, live: (id) => all.live.of(id) })
    assert.deepEqual(warnings, ['orders for n, which is not registered, are forgotten'])
    assert.equal(all.registry.snapshot.orders.size, 0)
  })

  test('leave when there are too many orders; without any the next order is refused', () => {
    const all = bench({ limits: { ...mcmpLimits, ordersMax: 3 } })
    all.send('STOP-APP /* JVMRoute=n', '', command)
    all.send('REMOVE-APP /* JVMRoute=n', '', own)
    all.send('CONFIG / JVMRoute=m&Host=10.0.0.2&Port=80&Type=http', '', { from: '10.0.0.2' })
    all.send('STOP-APP / JVMRoute=m&Alias=x&Context=/1,/2', '', command)
    assert.equal(all.registry.snapshot.orders.size, 2)
    const third = all.send('STOP-APP / JVMRoute=m&Alias=x&Context=/3', '', command)
    assert.deepEqual(third.warnings, ['orders for n, which is not registered, are forgotten'])
    assert.equal(third.reply.ok, true)
    const fourth = all.send('STOP-APP / JVMRoute=m&Alias=x&Context=/4', '', command)
    assert.match(JSON.stringify(fourth.reply), /Too many orders/)
    assert.equal(all.send('STOP-APP /* JVMRoute=m', '', command).reply.ok, true)
  })
})

test('INFO and DUMP show the two parts of a status, to operators alone', () => {
  const all = bench()
  all.send('STOP-APP / JVMRoute=n&Alias=x&Context=/a', '', command)
  const info = (userAgent = ''): string => all.ok('INFO / ', userAgent)
  assert.match(info(), /Context: \/a, Status: STOPPED, Own: ENABLED, Operator: STOPPED\n/)
  assert.match(info(), /Context: \/b, Status: ENABLED\n/)
  assert.match(all.ok('DUMP / '), /\[\/a\] vhost: 1 node: 0 status: 3 own: 1 operator: 3\n/)
  for (const userAgent of [java, 'Topspin'])
    assert.match(info(userAgent), /Context: \/a, Status: STOPPED\n/, userAgent)
})
