// Real WildFlys that are disabled, stopped, suspended and reloaded under load, over AJP and HTTP.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Load } from '../support/load.ts'
import type { WildFly } from '../support/wildfly.ts'
import { whyNoWildFly } from '../support/wildfly-install.ts'
import { WildFlyStage } from './wildfly-stage.ts'

const skip = (await whyNoWildFly()) ?? false
const modcluster = [
  ['subsystem', 'modcluster'],
  ['proxy', 'default'],
] as const
const shop = { virtualhost: 'default-host', context: '/shop' }

test('WildFly under administration', { skip, timeout: 270_000 }, async (t) => {
  const stage = await WildFlyStage.set(t)
  const nodes = await Promise.all([stage.start('a', 'ajp'), stage.start('b', 'http')])

  await t.test(
    'registers although another proxy in its list is dead, and without its excluded contexts',
    async () => {
      for (const [index, type] of ['ajp', 'http'].entries()) {
        const report = await stage.report(nodes[index]?.route ?? '')
        assert.equal(report?.type, type)
        assert.deepEqual([...new Set(report?.contexts.map(({ path }) => path))], ['/shop'])
      }
      for (const { route, run } of nodes) {
        const answer = await stage.ask('/shop/', { cookie: `JSESSIONID=x.${route}` })
        assert.equal(answer.headers['x-run'], run)
      }
      assert.equal((await stage.ask('/wildfly-services/')).status, 404)
    },
  )

  await t.test(
    'serves no unregistered context for a path that it reads differently than the proxy',
    async () => {
      for (const path of ['/shop//../console', '/shop/..;/wildfly-services/', '/shop/%2e%2e/a'])
        assert.equal((await stage.ask(path)).status, 400, path)
      for (const path of ['//shop/', '/shop//', '/shop/x/../', '/shop/;jsessionid=1.a'])
        assert.equal((await stage.ask(path)).status, 200, path)
    },
  )

  const operations: readonly {
    readonly about: string
    readonly run: (node: WildFly) => Promise<void>
  }[] = [
    {
      about: 'a context is disabled, stopped and enabled',
      async run(node) {
        await node.operate('disable-context', shop, ...modcluster)
        await stage.has(node.route, 'DISABLED')
        await node.operate('stop-context', { ...shop, waittime: 1 }, ...modcluster)
        await stage.has(node.route, 'STOPPED')
        await node.operate('enable-context', shop, ...modcluster)
      },
    },
    {
      about: 'a node is disabled, stopped and enabled',
      async run(node) {
        await node.operate('disable', {}, ...modcluster)
        await stage.has(node.route, 'DISABLED')
        await node.operate('stop', { waittime: 1 }, ...modcluster)
        await stage.has(node.route, 'STOPPED')
        await node.operate('enable', {}, ...modcluster)
      },
    },
    {
      about: 'a server is suspended and resumed',
      async run(node) {
        await node.operate('suspend', { 'suspend-timeout': 20 })
        await node.reached('suspend-state', 'SUSPENDED')
        await node.operate('resume')
      },
    },
    {
      about: 'a server is reloaded',
      async run(node) {
        await node.operate('reload')
        await node.reached('server-state', 'running')
      },
    },
  ]
  for (const { about, run } of operations) {
    await t.test(`${about}, and no request fails`, async (step) => {
      const load = new Load(step, { port: stage.traffic, rate: 100, users: 12 })
      await load.more(200)
      for (const node of nodes) {
        await run(node)
        await stage.has(node.route, 'ENABLED')
        const before = load.of(node.run)
        await load.more(100)
        assert.ok(load.of(node.run) > before, `${node.route} answers again`)
      }
      const summary = await load.stop()
      step.diagnostic(`${summary.completed} requests, ${summary.failures.length} failed`)
      assert.deepEqual(summary.failures, [])
    })
  }
})
