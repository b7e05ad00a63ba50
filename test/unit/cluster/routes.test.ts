// The candidates of a path: prefixes, aliases, and statuses.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathKey } from '../../../src/cluster/context.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { Routes } from '../../../src/cluster/routes.ts'
import { applyChange, type Change, emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { hostKey } from '../../../src/wire/http/host.ts'
import type { ContextStatus } from '../../../src/wire/mcmp/context-status.ts'
import { balancerOf, clusterOf, contextOf, nodeOf } from '../../support/cluster-fixture.ts'
import { seededRandom } from '../../support/seeded-random.ts'

function routes(changes: readonly Change[], useAlias = false): Routes {
  const snapshot = changes.reduce(applyChange, emptySnapshot)
  return Routes.of(snapshot, new LiveTable(), { useAlias })
}

const ids = (found: Routes, path: string, host = ''): number[] | undefined =>
  found.find(path, host)?.flatMap(({ candidates }) => candidates.map(({ node }) => node.id))

describe('paths', () => {
  const shop = routes(
    clusterOf([
      { contexts: [contextOf('/shop'), contextOf('/shop/admin', 'STOPPED')] },
      { contexts: [contextOf('shop/')] },
    ]),
  )

  test('a context matches its path and all paths below, at segment borders, case-sensitively', () => {
    for (const path of ['/shop', '/shop/', '/shop/a/b', '/shop//x']) {
      assert.deepEqual(ids(shop, path), [1, 2], path)
    }
    for (const path of ['/', '', '/shopping', '/Shop', '/a/shop', '//shop', '/shop%2fx']) {
      assert.equal(ids(shop, path), undefined, path)
    }
  })

  test('the longest context is found, whatever its status', () => {
    assert.deepEqual(ids(shop, '/shop/admin/x'), [1])
    assert.equal(shop.find('/shop/admin', '')?.[0]?.candidates[0]?.status, 'STOPPED')
  })

  test('the root matches everything, thousands of slashes included', () => {
    const root = routes(
      clusterOf([{ contexts: [contextOf('/')] }, { contexts: [contextOf('/a')] }]),
    )
    assert.deepEqual(ids(root, '/x'), [1])
    assert.deepEqual(ids(root, `/a${'/'.repeat(8_000)}`), [2])
    assert.deepEqual(ids(root, `/${'a/'.repeat(4_000)}`), [2])
    assert.deepEqual(ids(root, `/${'long'.repeat(40)}`), [1])
  })

  test('pathKey has one leading slash and no trailing one', () => {
    assert.deepEqual(['/', '', 'a', '/a/', 'a/b//'].map(pathKey), ['', '', '/a', '/a', '/a/b'])
  })
})

describe('nodes', () => {
  test('that are removed, of an unknown type or without a balancer are no candidates', () => {
    const found = routes(
      clusterOf([{ removal: 'marked' }, { type: 'gopher' }, { balancer: 'other' }, {}]),
    )
    assert.deepEqual(ids(found, '/'), [4])
    assert.equal(found.node('n1'), undefined)
  })

  test('under several aliases the most enabled status counts', () => {
    const found = routes(
      clusterOf([
        {
          contexts: [
            contextOf('/', 'STOPPED', 'a'),
            contextOf('/', 'ENABLED', 'b'),
            contextOf('/', 'DISABLED', 'c'),
          ],
        },
      ]),
    )
    assert.equal(found.find('/', '')?.[0]?.candidates[0]?.status, 'ENABLED')
    assert.deepEqual(ids(found, '/'), [1])
  })

  test('of several balancers each has its own list, in table order', () => {
    const found = routes([
      { kind: 'balancer', balancer: balancerOf({ name: 'one' }) },
      { kind: 'balancer', balancer: balancerOf({ name: 'two' }) },
      ...[3, 1, 2].flatMap((id): Change[] => [
        { kind: 'node', node: nodeOf(id, { balancer: id === 2 ? 'two' : 'one' }) },
        { kind: 'contexts', id, contexts: [contextOf('/')] },
      ]),
    ])
    const lists = found
      .find('/', '')
      ?.map(({ balancer, candidates }) => [balancer.name, candidates.map(({ node }) => node.id)])
    assert.deepEqual(lists, [
      ['one', [1, 3]],
      ['two', [2]],
    ])
  })
})

test('with UseAlias a context is found under its own hosts only', () => {
  const found = routes(
    clusterOf([
      { contexts: [contextOf('/', 'ENABLED', 'A.test'), contextOf('/', 'STOPPED', 'c.test')] },
      { contexts: [contextOf('/', 'ENABLED', 'b.test')] },
    ]),
    true,
  )
  assert.deepEqual(ids(found, '/', 'a.test'), [1])
  assert.deepEqual(ids(found, '/', 'b.test'), [2])
  assert.equal(found.find('/', 'c.test')?.[0]?.candidates[0]?.status, 'STOPPED')
  for (const host of ['', 'test', 'xa.test', 'localhost', '__proto__']) {
    assert.equal(ids(found, '/', host), undefined, host)
  }
})

describe('hosts, where aliases count', () => {
  const hosts = routes(
    clusterOf([
      { contexts: [contextOf('/', 'ENABLED', 'Shop.test')] },
      { contexts: [contextOf('/', 'ENABLED', 'api.test:8080')] },
      { contexts: [contextOf('/', 'ENABLED', '*.shop.test')] },
      { contexts: [contextOf('/', 'ENABLED', '*.eu.shop.test.')] },
      { contexts: [contextOf('/', 'ENABLED', '2001:DB8::1')] },
      { contexts: [contextOf('/', 'ENABLED', '[::FFFF:7f00:1]:80')] },
    ]),
    true,
  )
  const at = (host: string): number[] | undefined => ids(hosts, '/x', hostKey(host))

  for (const [host, node] of [
    ['shop.test', 1],
    ['SHOP.TEST:8080', 1],
    ['shop.test.', 1],
    ['shop.test.:8080', 1],
    ['api.test', 2],
    ['api.test:8080', 2],
    ['www.shop.test', 3],
    ['a.b.shop.test.', 3],
    ['www.eu.shop.test', 4],
    ['eu.shop.test', 3],
    ['[2001:db8::1]:80', 5],
    ['[2001:DB8:0:0::0001]', 5],
    ['[2001:db8::0.0.0.1]', 5],
    ['[2001:db8::2]', undefined],
    ['[::ffff:127.0.0.1]', 6],
    ['ashop.test', undefined],
    ['shop.test..', undefined],
    ['.shop.test', 3],
    ['test', undefined],
    ['', undefined],
    [`${'a.'.repeat(500)}shop.test`, undefined],
  ] as const) {
    test(`${host.slice(0, 40) || '(none)'} is served by ${node ?? 'none'}`, () =>
      assert.deepEqual(at(host), node === undefined ? undefined : [node]))
  }

  test('the alias * is for every name that no other is for', () => {
    const all = routes(
      clusterOf([
        { contexts: [contextOf('/', 'ENABLED', '*')] },
        { contexts: [contextOf('/', 'ENABLED', 'a.test')] },
      ]),
      true,
    )
    assert.deepEqual(
      ['a.test', 'b.test', ''].map((host) => ids(all, '/', host)),
      [[2], [1], [1]],
    )
  })
})

describe('routes after changes', () => {
  const paths = ['/', '/a', '/a/b', '/c']
  const aliases = ['localhost', 'shop.test', '*.test']
  const statuses = ['ENABLED', 'DISABLED', 'STOPPED'] as const

  /** What requests find, in a form that can be compared. */
  function found(of: Routes): unknown[] {
    return ['shop.test', 'x.test', 'localhost', 'none'].flatMap((host) =>
      ['/', '/a/x', '/a/b', '/c'].map((path) => [
        of.isRootOnly(host),
        of.find(path, host)?.map(({ path: context, balancer, cookie, candidates }) => ({
          context,
          balancer,
          cookie: cookie.toString(),
          candidates: candidates.map(({ node, status, contextLive, alone }) => [
            node,
            status,
            contextLive,
            alone.length,
          ]),
        })),
      ]),
    )
  }

  for (const useAlias of [false, true]) {
    test(`are those of the snapshot${useAlias ? ', with aliases' : ''}, whatever the changes`, () => {
      const random = seededRandom(3)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
      const live = new LiveTable()
      let snapshot = emptySnapshot
      let present = Routes.of(snapshot, live, { useAlias })
      const change = (): Change => {
        const id = 1 + Math.floor(random() * 8)
        const kind = random()
        if (kind < 0.1) {
          const balancer = balancerOf({ name: pick(['one', 'two']), cookie: pick(['A', 'B']) })
          return { kind: 'balancer', balancer }
        }
        if (kind < 0.13) return { kind: 'balancer-gone', name: pick(['one', 'two']) }
        if (kind < 0.4) {
          const node = nodeOf(id, {
            balancer: pick(['one', 'two']),
            removal: pick(['none', 'none', 'none', 'marked'] as const),
            type: pick(['http', 'http', 'gopher']),
          })
          return { kind: 'node', node }
        }
        if (kind < 0.5) return { kind: 'gone', id }
        const contexts = Array.from({ length: Math.floor(random() * 5) }, () =>
          contextOf(pick(paths), pick(statuses), pick(aliases)),
        )
        return { kind: 'contexts', id, contexts }
      }
      for (let step = 0; step < 1_500; step += 1) {
        const changes = Array.from({ length: 1 + Math.floor(random() * 3) }, change)
        const before = found(present)
        const next = present.after(changes, live)
        assert.deepEqual(found(present), before, 'a request in progress keeps what it found')
        snapshot = changes.reduce(applyChange, snapshot)
        present = next
        assert.deepEqual(found(present), found(Routes.of(snapshot, live, { useAlias })))
        for (let id = 1; id <= 8; id += 1) {
          const node = snapshot.nodes.get(id)
          assert.equal(present.node(`n${id}`), node?.removal === 'none' ? node : undefined)
        }
      }
    })
  }

  test('keep what was derived from the path of an application', () => {
    const live = new LiveTable()
    const snapshot = clusterOf([{}, {}]).reduce(applyChange, emptySnapshot)
    const before = Routes.of(snapshot, live, { useAlias: false })
    const stopped: Change = { kind: 'contexts', id: 2, contexts: [contextOf('/', 'STOPPED')] }
    const [one] = before.find('/', '') ?? []
    const [other] = before.after([stopped], live).find('/', '') ?? []
    assert.notEqual(one, other)
    assert.equal(one?.derived, other?.derived)
    assert.equal(one?.candidates[0], other?.candidates[0], 'the other node is what it was')
  })

  test('take less than a millisecond at 10,000 nodes with 10 contexts', () => {
    const live = new LiveTable()
    const contexts = (status: ContextStatus) =>
      Array.from({ length: 10 }, (_, at) => contextOf(`/app${at}`, status))
    const nodes = Array.from({ length: 10_000 }, () => ({ contexts: contexts('ENABLED') }))
    let snapshot = clusterOf(nodes).reduce(applyChange, emptySnapshot)
    let present = Routes.of(snapshot, live, { useAlias: false })
    const times: number[] = []
    for (let step = 0; step < 201; step += 1) {
      const id = 1 + ((step * 7_919) % 10_000)
      const change: Change = { kind: 'contexts', id, contexts: contexts('DISABLED') }
      const from = performance.now()
      present = present.after([change], live)
      snapshot = applyChange(snapshot, change)
      for (let at = 0; at < 10; at += 1) present.find(`/app${at}`, '')
      times.push(performance.now() - from)
    }
    assert.equal(present.find('/app3', '')?.[0]?.candidates.length, 10_000)
    const median = times.sort((a, b) => a - b)[100] as number
    assert.ok(median < 1, `${median} ms`)
  })

  test('take as little for a balancer that comes with its first node and goes with its last', () => {
    const live = new LiveTable()
    const nodes = Array.from({ length: 10_000 }, () => ({ contexts: [contextOf('/a')] }))
    let present = Routes.of(clusterOf(nodes).reduce(applyChange, emptySnapshot), live, {
      useAlias: false,
    })
    const times: number[] = []
    for (let step = 0; step < 101; step += 1) {
      const [id, name] = [10_001 + step, `b${step}`]
      const steps: readonly Change[] = [
        { kind: 'balancer', balancer: balancerOf({ name }) },
        { kind: 'node', node: nodeOf(id, { balancer: name }) },
        { kind: 'contexts', id, contexts: [contextOf('/own')] },
        { kind: 'gone', id },
        { kind: 'balancer-gone', name },
      ]
      const from = performance.now()
      for (const [at, change] of steps.entries()) {
        present = present.after([change], live)
        const found = present.find('/own', '')?.length
        assert.equal(found, at === 2 ? 1 : undefined)
      }
      times.push(performance.now() - from)
    }
    const median = times.sort((a, b) => a - b)[50] as number
    assert.ok(median < 1, `${median} ms`)
  })
})
