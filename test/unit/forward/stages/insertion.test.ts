// Which responses get the proxy's own sticky cookie, and what it looks like.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serve, stickyLine, type Told } from '../../../support/sticky-fixture.ts'

const two = { nodes: [{ route: 'a' }, { route: 'b' }] }
const session = ['Set-Cookie: connect.sid=s%3Aabc.sig; Path=/; HttpOnly']
const inserted = (told: Told): boolean => stickyLine(serve({ ...two, ...told })) !== ''

describe('auto', () => {
  test('adds the cookie when the application sets a session cookie, behind its own lines', () => {
    const { got } = serve({ ...two, answer: [...session, 'X-Own: 1', 'Set-Cookie: b=2'] })
    const lines = got.split('\r\n').filter((line) => /^(set-cookie|x-own|cache)/i.test(line))
    assert.deepEqual(lines.slice(0, 3), [...session, 'X-Own: 1', 'Set-Cookie: b=2'])
    assert.match(lines[3] ?? '', /^Set-Cookie: TOPSPIN=[\w-]{55}; Path=\/; HttpOnly; SameSite=Lax$/)
    assert.deepEqual(lines.slice(4), ['Cache-Control: private'])
  })

  test('adds none when no session cookie is set', () => {
    for (const answer of [
      [],
      ['Set-Cookie: theme=dark; Max-Age=31536000'],
      ['Set-Cookie: connect.sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly'],
    ])
      assert.equal(inserted({ answer }), false, String(answer))
  })

  test('adds none for a node that sends its route in the session id', () => {
    const route = serve({ ...two, answer: session }).route
    assert.equal(
      inserted({ answer: [`Set-Cookie: JSESSIONID=abc.${route}; Path=/; HttpOnly`] }),
      false,
    )
    const more = [`Set-Cookie: JSESSIONID="abc.${route}"`, 'Set-Cookie: csrf=1']
    assert.equal(inserted({ answer: more }), false)
    assert.equal(inserted({ answer: session, cookie: 'JSESSIONID=abc.a' }), false)
    assert.equal(inserted({ answer: ['Set-Cookie: JSESSIONID=abc; Path=/; HttpOnly'] }), true)
    assert.equal(inserted({ answer: ['Set-Cookie: JSESSIONID=abc.x9; Path=/; HttpOnly'] }), true)
  })

  test('adds none when the application sets a cookie of the same name', () => {
    const { got } = serve({ ...two, answer: [...session, 'Set-Cookie: TOPSPIN=own'] })
    assert.equal(got.match(/TOPSPIN/g)?.length, 1)
  })

  test('adds none when the client has the cookie of this node', () => {
    const { cookie, route } = serve({ ...two, answer: session })
    const again = serve({ ...two, answer: session, cookie })
    assert.equal(again.route, route)
    assert.equal(stickyLine(again), '')
  })

  test('adds it at the start of a Socket.IO session, which sets no cookie', () => {
    const start = '/socket.io/?EIO=4&transport=polling&t=x'
    assert.equal(inserted({ target: start }), true)
    assert.equal(inserted({ target: '/ws?token=1&transport=polling&EIO=4' }), true)
    assert.equal(inserted({ target: start, status: '400 Bad Request' }), false)
    for (const target of [`${start}&sid=abc`, '/socket.io/?EIO=4&transport=websocket', '/?sid=1'])
      assert.equal(inserted({ target }), false, target)
  })
})

describe('always and off', () => {
  test('always adds it to every response to a client that does not have it', () => {
    const first = serve({ ...two, insert: { when: 'always' } })
    assert.notEqual(stickyLine(first), '')
    const again = serve({ ...two, insert: { when: 'always' }, cookie: first.cookie })
    assert.equal(stickyLine(again), '')
    assert.equal(inserted({ insert: { when: 'always' }, cookie: 'TOPSPIN=forged' }), true)
  })

  test('off adds and removes nothing', () => {
    const told = { ...two, insert: { when: 'off' }, answer: session, cookie: 'TOPSPIN=x' } as const
    const served = serve(told)
    assert.equal(stickyLine(served), '')
    assert.match(served.sent, /Cookie: TOPSPIN=x/)
  })

  test('a balancer without sticky sessions gets none', () => {
    assert.equal(inserted({ answer: session, balancer: { sticky: false } }), false)
  })

  test('the name of the session cookie of the balancer is left to the application', () => {
    const told = { ...two, insert: { name: 'SID' }, balancer: { cookie: 'SID' } }
    const served = serve({ ...told, answer: session, cookie: 'SID=abc' })
    assert.equal(served.cookie, '')
    assert.match(served.sent, /Cookie: SID=abc/)
  })
})

describe('the session', () => {
  const nodes = (...routes: string[]) => ({ nodes: routes.map((route) => ({ route })) })

  test('stays at its node, at any proxy that has the same nodes', () => {
    const { cookie, route } = serve({ ...nodes('a', 'b', 'c'), answer: session })
    for (const order of [nodes('c', 'b', 'a'), nodes('x', route, 'y', 'z')])
      assert.equal(serve({ ...order, cookie }).route, route)
  })

  test('moves to one node when its own is gone, and gets its cookie', () => {
    const { cookie, route } = serve({ ...nodes('a', 'b'), answer: session })
    const left = nodes('c', 'd', 'e')
    const moved = serve({ ...left, cookie })
    assert.notEqual(stickyLine(moved), '')
    assert.equal(serve({ ...left, cookie }).route, moved.route)
    const back = serve({ nodes: [{ route }, ...left.nodes], cookie: moved.cookie })
    assert.equal(back.route, moved.route)
    assert.equal(stickyLine(back), '')
  })

  test('is not recognised in a forged cookie, or one of another balancer', () => {
    const { cookie } = serve({ ...two, answer: session })
    const forged = cookie.slice(0, -1) + (cookie.endsWith('A') ? 'B' : 'A')
    for (const [told, sent] of [
      [two, forged],
      [two, `${cookie}x`],
      [{ ...two, insert: { secret: ['a secret of ours'] } }, cookie],
    ] as const) {
      const served = serve({ ...told, cookie: sent })
      assert.equal(served.fixture.state.choice.hasSession, false)
      assert.equal(served.fixture.state.choice.route, undefined)
      assert.equal(stickyLine(served), '', 'without a session cookie there is nothing to add')
      assert.doesNotMatch(served.sent, /TOPSPIN/)
      assert.notEqual(stickyLine(serve({ ...told, cookie: sent, answer: session })), '')
    }
  })

  test('is found in cookies signed with an older secret, which are renewed', () => {
    const [old, fresh] = ['the old secret', 'the new secret']
    const { cookie, route } = serve({ ...two, answer: session, insert: { secret: [old] } })
    const both = serve({ ...two, cookie, insert: { secret: [fresh, old] } })
    assert.equal(both.route, route)
    assert.notEqual(both.cookie, '')
    const next = serve({ ...two, cookie: both.cookie, insert: { secret: [fresh] } })
    assert.deepEqual([next.route, next.cookie], [route, ''])
  })

  test('with a lifetime is renewed before its end, and over after it', () => {
    const insert = { ttl: 600_000 }
    const { cookie, route, got } = serve({ ...two, answer: session, insert })
    assert.match(got, /; Max-Age=600;/)
    const at = (later: number) => serve({ ...two, cookie, insert, later })
    assert.equal(at(59_000).cookie, '')
    const renewed = at(61_000)
    assert.equal(renewed.route, route)
    assert.notEqual(renewed.cookie, '')
    assert.notEqual(renewed.cookie, cookie)
    assert.equal(at(599_000).fixture.state.choice.route, route)
    assert.equal(at(601_000).fixture.state.choice.route, undefined)
  })

  test('counts once for each client', () => {
    const { cookie, fixture } = serve({ ...two, answer: session })
    const again = serve({ ...two, cookie })
    assert.match(again.fixture.state.choice.sessionId, /^[\w-]{4}$/)
    assert.equal(fixture.state.choice.sessionId, '')
  })
})

describe('the request', () => {
  test('reaches the node without the cookie, and with all others', () => {
    const { cookie } = serve({ ...two, answer: session })
    for (const [sent, left] of [
      [cookie, undefined],
      [`a=1; ${cookie}; b="2;c"`, 'a=1; b="2;c"'],
      [`${cookie}; a=1`, 'a=1'],
      [`a=1; ${cookie}; ${cookie}`, 'a=1'],
      [`XTOPSPIN=1; ${cookie}; TOPSPINX=2; topspin=3`, 'XTOPSPIN=1; TOPSPINX=2; topspin=3'],
      [`${cookie}; JSESSIONID=abc.a`, 'JSESSIONID=abc.a'],
    ]) {
      const line = /^Cookie: (.*)$/m.exec(serve({ ...two, cookie: sent ?? '' }).sent)?.[1]
      assert.equal(line?.trim(), left, sent)
    }
  })

  test('that carries an id of the application goes by the id', () => {
    const { cookie, route } = serve({ ...two, answer: session })
    const other = route === 'a' ? 'b' : 'a'
    const served = serve({ ...two, cookie: `${cookie}; JSESSIONID=abc.${other}` })
    assert.equal(served.route, other)
  })
})

describe('the attributes', () => {
  const line = (told: Told): string => stickyLine(serve({ ...two, answer: session, ...told }))

  test('are those of the configuration', () => {
    const insert = { domain: 'shop.test', path: '/x', sameSite: 'strict', secure: true } as const
    assert.match(
      line({ insert }),
      /; Path=\/x; Domain=shop\.test; HttpOnly; Secure; SameSite=Strict$/,
    )
    assert.doesNotMatch(line({ insert: { sameSite: 'off' } }), /SameSite/)
  })

  test('Secure follows the protocol of the client, as a trusted proxy names it', () => {
    const https = { fields: ['X-Forwarded-Proto: https'] }
    assert.doesNotMatch(line({}), /Secure/)
    assert.doesNotMatch(line(https), /Secure/, 'a client that is not trusted')
    assert.doesNotMatch(line({ ...https, insert: { secure: false } }), /Secure/)
  })

  test('SameSite=None is left out without Secure, because browsers reject the cookie', () => {
    assert.doesNotMatch(line({ insert: { sameSite: 'none' } }), /SameSite/)
    assert.match(line({ insert: { sameSite: 'none', secure: true } }), /Secure; SameSite=None$/)
  })
})

test('a response that no shared cache may store keeps its Cache-Control', () => {
  const linesOf = (answer: readonly string[]): string[] =>
    serve({ ...two, answer: [...session, ...answer] }).got.match(/^Cache-Control: .*$/gm) ?? []
  for (const own of ['private, max-age=1', 'no-store', 'max-age=0,NO-CACHE'])
    assert.deepEqual(linesOf([`Cache-Control: ${own}`]), [`Cache-Control: ${own}`])
  for (const own of ['public, max-age=60', 'max-age=60', 'no-cache="Set-Cookie"'])
    assert.deepEqual(linesOf([`Cache-Control: ${own}`]), [
      `Cache-Control: ${own}`,
      'Cache-Control: private',
    ])
})
