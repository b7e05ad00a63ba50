// Sessions that the proxy itself recognises: by its cookie under several contexts and balancers, and by keys.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Change } from '../../../../src/cluster/snapshot.ts'
import { defaultInsert, type StickyEntry } from '../../../../src/proxy/index.ts'
import { balancerOf, clusterOf, contextOf, nodeOf } from '../../../support/cluster-fixture.ts'
import { type Served, serve, stickyLine, type Told } from '../../../support/sticky-fixture.ts'

const session = ['Set-Cookie: sid=abc; HttpOnly']

describe('a cookie', () => {
  const contexts = (...paths: string[]) => paths.map((path) => contextOf(path))

  test('has the path of its context', () => {
    const told = { nodes: [{ route: 'a', contexts: contexts('/shop') }] }
    for (const target of ['/shop/cart', '/shop'])
      assert.match(stickyLine(serve({ ...told, target, answer: session })), /; Path=\/shop;/)
    const escaped = serve({
      nodes: [{ route: 'a', contexts: contexts('/café x') }],
      target: '/caf%C3%A9%20x/a',
      answer: session,
    })
    assert.match(stickyLine(escaped), /; Path=\/caf%C3%A9%20x;/)
  })

  test('of a shorter context does not hide that of a longer one', () => {
    const nodes = [
      { route: 'a', contexts: contexts('/') },
      { route: 'b', contexts: contexts('/shop') },
      { route: 'c', contexts: contexts('/shop') },
    ]
    const root = serve({ nodes, answer: session })
    assert.equal(root.route, 'a')
    const shop = serve({ nodes, target: '/shop', answer: session, cookie: root.cookie })
    assert.notEqual(shop.cookie, '', 'the node of the root does not serve /shop')
    for (const cookie of [`${shop.cookie}; ${root.cookie}`, `${root.cookie}; ${shop.cookie}`]) {
      const again = serve({ nodes, target: '/shop', cookie })
      assert.deepEqual([again.route, again.cookie], [shop.route, ''])
      assert.equal(serve({ nodes, cookie }).route, 'a')
    }
  })

  test('does not lead to a node of another context or balancer', () => {
    const nodes = [
      { route: 'a', contexts: contexts('/a') },
      { route: 'b', contexts: contexts('/b') },
    ]
    const { cookie } = serve({ nodes, target: '/a', answer: session })
    assert.equal(serve({ nodes, target: '/b', cookie }).route, 'b')
  })

  test('of one of several balancers leads to that balancer', () => {
    const changes: Change[] = [
      { kind: 'balancer', balancer: balancerOf({ name: 'one' }) },
      { kind: 'balancer', balancer: balancerOf({ name: 'two', slot: 1 }) },
      ...['one', 'two'].flatMap((balancer, index): Change[] => {
        const id = index + 1
        return [
          { kind: 'node', node: nodeOf(id, { balancer }) },
          { kind: 'contexts', id, contexts: [contextOf('/')] },
          { kind: 'load', id, factor: 100 },
        ]
      }),
    ]
    const only = (id: number): Change[] => [
      ...changes,
      { kind: 'contexts', id: 3 - id, contexts: [contextOf('/', 'STOPPED')] },
    ]
    for (const id of [1, 2]) {
      const { cookie, route } = serve({ changes: only(id), answer: session })
      assert.equal(route, `n${id}`)
      const again = serve({ changes, cookie, answer: session })
      assert.deepEqual([again.route, again.cookie], [route, ''])
    }
  })

  test('of a disabled node keeps its session there, and one of a stopped node moves', () => {
    const first = serve({ nodes: [{ route: 'a' }], answer: session })
    const at = (status: 'DISABLED' | 'STOPPED', cookie?: string): Served =>
      serve({
        nodes: [{ route: 'a', contexts: [contextOf('/', status)] }, { route: 'b' }],
        answer: session,
        ...(cookie === undefined ? {} : { cookie }),
      })
    assert.equal(at('DISABLED', first.cookie).route, 'a')
    assert.equal(at('DISABLED', first.cookie).cookie, '')
    assert.equal(at('DISABLED').route, 'b')
    const moved = at('STOPPED', first.cookie)
    assert.equal(moved.route, 'b')
    assert.notEqual(moved.cookie, '')
  })

  test('of a node that is gone leads to its domain, which the cookie remembers', () => {
    const { cookie } = serve({ nodes: [{ route: 'a', domain: 'east' }], answer: session })
    const nodes = [
      { route: 'b', domain: 'west' },
      { route: 'c', domain: 'east' },
      { route: 'd', domain: 'west' },
    ]
    const moved = serve({ nodes, cookie })
    assert.equal(moved.route, 'c')
    assert.notEqual(moved.cookie, '')
  })

  test('is bound by StickySessionForce if a node sends it, not by the default', () => {
    const { cookie } = serve({ nodes: [{ route: 'a' }], answer: session })
    const nodes = [{ route: 'a', contexts: [contextOf('/', 'STOPPED')] }, { route: 'b' }]
    const isForceDefault = { stickyForce: true, isForceDefault: true } as const
    const moved = serve({ nodes, cookie, balancer: isForceDefault })
    assert.equal(moved.route, 'b')
    assert.notEqual(moved.cookie, '')
    const forced = (): unknown => serve({ nodes, cookie, balancer: { stickyForce: true } })
    assert.throws(forced, /no node is usable/)
    const byId = (): unknown => serve({ nodes, cookie: 'JSESSIONID=x.a', balancer: isForceDefault })
    assert.throws(byId, /no node is usable/)
  })

  test('of a session that moves does not lead to a node that is being drained', () => {
    const { cookie } = serve({ nodes: [{ route: 'gone' }], answer: session })
    const nodes = [
      ...['a', 'b', 'c'].map((route) => ({ route, contexts: [contextOf('/', 'DISABLED')] })),
      { route: 'd' },
    ]
    assert.equal(serve({ nodes, cookie }).route, 'd')
    assert.notEqual(serve({ nodes: nodes.slice(0, 3), cookie }).cookie, '')
  })

  test('beyond the eighth of its name is not read', () => {
    const nodes = [{ route: 'a' }, { route: 'b' }]
    const { cookie } = serve({ nodes, answer: session })
    const flood = (count: number): string => `${'TOPSPIN=x; '.repeat(count)}${cookie}`
    const knows = (cookies: string): boolean =>
      serve({ nodes, cookie: cookies }).fixture.state.choice.hasSession
    assert.equal(knows(flood(7)), true)
    assert.equal(knows(flood(8)), false)
  })
})

describe('a key', () => {
  const sticky: StickyEntry[] = [{ insert: defaultInsert, header: 'x-session', query: 'session' }]
  const nodes = ['a', 'b', 'c'].map((route) => ({ route }))
  const at = (told: Told): Served => serve({ nodes, sticky, ...told })

  test('in a header field or query parameter always leads to the same node', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) {
      const byHeader = at({ fields: [`X-Session: user ${i}`] }).route
      seen.add(byHeader)
      assert.equal(
        at({ fields: [`x-SESSION: user ${i}`], nodes: nodes.toReversed() }).route,
        byHeader,
      )
    }
    assert.equal(seen.size, 3)
    const byQuery = at({ target: '/p?a=1&session=u7' }).route
    assert.equal(at({ target: '/other?session=u7' }).route, byQuery)
    assert.equal(at({ fields: ['X-Session: u7'], target: '/?session=u8' }).route, byQuery)
  })

  test('that ends in the route of a node leads there', () => {
    for (const route of ['a', 'b', 'c'])
      assert.equal(at({ fields: [`X-Session: user1.${route}`] }).route, route)
  })

  test('comes before the cookie, and responses to it get none', () => {
    const { cookie, route } = at({ answer: session })
    assert.notEqual(cookie, '')
    const other = nodes.find((node) => node.route !== route)?.route ?? ''
    const served = at({ cookie, fields: [`X-Session: u.${other}`], answer: session })
    assert.equal(served.route, other)
    assert.equal(stickyLine(served), '')
    assert.doesNotMatch(served.sent, /TOPSPIN/)
  })

  test('that is empty or absent is none', () => {
    assert.equal(at({ fields: ['X-Session: '] }).fixture.state.choice.recalledBy, '')
    assert.equal(at({ target: '/?session=' }).fixture.state.choice.recalledBy, '')
  })
})

test('the entry of a balancer comes before that of a path, and both before the others', () => {
  const named = (name: string): StickyEntry => ({ insert: { ...defaultInsert, name } })
  const sticky = [
    named('ALL'),
    { ...named('SHOP'), path: '/shop' },
    { ...named('CART'), path: '/shop/cart/' },
    { ...named('BLUE'), balancer: 'blue' },
  ]
  const nameAt = (path: string, balancer: string): string | undefined => {
    const [, ...rest] = clusterOf([{ balancer, contexts: [contextOf(path)] }])
    const changes: Change[] = [
      { kind: 'balancer', balancer: balancerOf({ name: balancer }) },
      ...rest,
    ]
    const { got } = serve({ changes, sticky, target: path, answer: session })
    return /^Set-Cookie: ([A-Z]+)=/m.exec(got)?.[1]
  }
  assert.equal(nameAt('/', 'green'), 'ALL')
  assert.equal(nameAt('/shopping', 'green'), 'ALL')
  assert.equal(nameAt('/shop', 'green'), 'SHOP')
  assert.equal(nameAt('/shop/cart/x', 'green'), 'CART')
  assert.equal(nameAt('/shop', 'blue'), 'BLUE')
})
