// What `explain` says is what then happens: random states of a cluster, random requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContextStatus } from '../../../src/wire/mcmp/context-status.ts'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { fuzzSeed } from '../../support/fuzz-seed.ts'
import { get, startNode } from '../../support/node-server.ts'
import { settingsOf } from '../../support/rules-fixture.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const states = 100
const requestsOfState = 10
const statuses: readonly ContextStatus[] = ['ENABLED', 'ENABLED', 'DISABLED', 'STOPPED']
const paths = [
  '/',
  '/shop',
  '/shop/cart',
  '/pay',
  '/nowhere',
  '/shop/%2e%2e/pay',
  '/pay;jsessionid=x.b',
  '/healthz',
  '/old/x?y=1',
  '/secret',
  '/api/shop',
  '/api/nowhere',
]
const rules = `routes:
  - { name: health, match: { path: /healthz, exact: true }, answer: 204 }
  - { match: /old, redirect: { path: /shop, status: 301 } }
  - { match: { path: /secret, client: 127.0.0.0/8 }, deny: 127.0.0.1 }
  - { match: /api, stripPrefix: /api }
`
const routes = ['a', 'b', 'c']

test('1,000 random requests go where explain says, or are refused as it says', async (t) => {
  const random = seededRandom(fuzzSeed)
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const servers = await Promise.all(
    routes.map((route) => startNode(t, (_, response) => response.end(route))),
  )
  const nodes = servers.map(({ port }, index) => ({
    route: routes[index] as string,
    host: '127.0.0.1',
    port,
    contexts: [],
  }))
  const { port, proxy, apply, live } = await startProxy(t, nodes, {
    routes: (await settingsOf(rules)).routes,
    random: () => 0.5,
  })
  const seen = new Set<string>()
  let open = 0
  for (let state = 0; state < states; state++) {
    for (const id of [1, 2, 3]) {
      const served = ['/', '/shop', '/pay'].filter((path) => random() < (path === '/' ? 0.4 : 0.7))
      const contexts = served.map((path) => contextOf(path, one(statuses)))
      apply([{ kind: 'contexts', id, contexts }])
      apply([{ kind: 'load', id, factor: one([-1, 0, 1, 50, 100]) }])
      live(id).health =
        random() < 0.2
          ? { kind: 'down', since: 0, probes: 0, probeAt: Infinity, reason: 'x' }
          : { kind: 'up' }
    }
    for (let i = 0; i < requestsOfState; i++) {
      const target = one(paths)
      const cookie = random() < 0.5 ? '' : `JSESSIONID=x.${one([...routes, 'gone'])}`
      const question = { target, host: `127.0.0.1:${port}`, cookie, client: '127.0.0.1' }
      const { node, refusal, why, steps } = proxy.explain(question)
      const { status, text } = await get(port, target, cookie === '' ? {} : { cookie })
      const about = `state ${state}: ${target} ${cookie}`
      if (node === null) assert.equal(String(status), refusal?.split(' ')[0], about)
      else {
        assert.equal(status, 200, about)
        // Of idle equals it says so: they take turns, or chance decides.
        const isOpen = /chance decides|had its last request later/.test(why)
        const possible = isOpen ? (steps.at(-1)?.before ?? []) : [node]
        assert.ok(possible.includes(text), `${about}: ${text}, not by ${why}`)
        if (isOpen) open++
      }
      seen.add(node ?? String(refusal))
      if (node !== null && target.startsWith('/api/')) seen.add('behind a rule')
    }
  }
  assert.ok(open < (states * requestsOfState) / 2, `${open} were between equals`)
  const answers = ['204 RULE_ANSWER', '301 RULE_REDIRECT', '403 RULE_DENIED', 'behind a rule']
  for (const outcome of [...routes, '503 NO_NODE', '404 NO_CONTEXT', ...answers])
    assert.ok(seen.has(outcome), `${outcome} among ${[...seen].join(', ')}`)
})
