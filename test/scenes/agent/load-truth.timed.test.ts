// Nodes whose event loop is idle while requests queue for a pool, as for a database: what they report.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { PooledNode } from '../../support/pooled-nodes.ts'

const inFlightOf = (report: ReadonlyMap<string, number> | undefined): number =>
  report?.get('named_metrics.in_flight') ?? Number.NaN
const delayOf = (report: ReadonlyMap<string, number> | undefined): number =>
  report?.get('named_metrics.delay') ?? 0

async function started(
  t: TestContext,
  nodes: readonly { workers: number; serviceMs: number }[],
): Promise<{ fake: FakeHttpd; nodes: readonly PooledNode[] }> {
  const fake = await FakeHttpd.start(t)
  const proxies = [fake.address]
  const all = nodes.map((node, at) => PooledNode.start(t, { ...node, route: `n${at}`, proxies }))
  return { fake, nodes: await Promise.all(all) }
}

test('two processes report requests in flight without long ones, and at most twice the time of a request', async (t) => {
  const { nodes } = await started(t, [
    { workers: 2, serviceMs: 20 },
    { workers: 4, serviceMs: 40 },
  ])
  await Promise.all(
    nodes.map(async (node, at) => {
      const serviceMs = [20, 40][at]!
      const workers = [2, 4][at]!
      await node.visits(2 * workers, 40, 3 * serviceMs)
      const before = delayOf(await node.request())
      assert.ok(before > 0.4 * serviceMs && before < 3 * serviceMs, `${before} ms at ${serviceMs}`)
      const start = performance.now()
      const crowded = await node.requests(40)
      const longest = performance.now() - start
      const after = delayOf(await node.request())
      for (const report of crowded) {
        const delay = delayOf(report)
        assert.ok(delay <= 2 * 1.5 * Math.max(before, after), `${before}, ${delay}, ${after} ms`)
        assert.ok(delay < longest, `${delay} of ${longest} ms`)
      }
      const most = Math.max(...crowded.map(inFlightOf))
      assert.ok(most >= 10 && most < 40, `${most} in flight`)
      for (let count = 0; count < 5; count++) node.request('/poll').catch(() => {})
      assert.equal(inFlightOf(await node.request()), 5)
      // Longer than 250 ms and eight times the mean.
      const end = performance.now() + 8 * 10 * serviceMs
      let report = await node.request()
      while (inFlightOf(report) > 0 && performance.now() < end) report = await node.request()
      assert.equal(inFlightOf(report), 0)
    }),
  )
})

test('behind a proxy that shares requests by load factor a slow node reports less as it saturates, and is not drowned', async (t) => {
  const { fake, nodes } = await started(t, [
    { workers: 4, serviceMs: 20 },
    { workers: 4, serviceMs: 80 },
  ])
  const [quick, slow] = nodes as [PooledNode, PooledNode]
  const loadOf = (node: PooledNode): number =>
    Number(
      fake.received
        .findLast(({ method, body }) => method === 'STATUS' && body.get('JVMRoute') === node.route)
        ?.body.get('Load'),
    )
  // As mod_proxy_cluster does: the node with the fewest requests for its load factor.
  const sent = new Map(nodes.map((node) => [node, 0]))
  const all: Promise<unknown>[] = []
  const scoreOf = (node: PooledNode): number => ((sent.get(node) ?? 0) + 1) / loadOf(node)
  const send = (): void => {
    const node = scoreOf(slow) < scoreOf(quick) ? slow : quick
    sent.set(node, (sent.get(node) ?? 0) + 1)
    all.push(node.request())
  }
  // 60 % of what both can do together; an equal share would be 1.5 times what the slow one can do.
  const perSecond = 0.6 * (4 / 0.02 + 4 / 0.08)
  const start = performance.now()
  let count = 0
  let halved = 0
  const longest = { slow: 0, use: 0 }
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - start
      for (; count < (elapsed * perSecond) / 1000; count++) send()
      if (elapsed > 6_000) longest.slow = Math.max(longest.slow, slow.waiting)
      // What was sent while the factors were still those of a start is forgotten, as httpd does step by step.
      if (elapsed > 1_000 * (halved + 1)) {
        halved++
        for (const [node, before] of sent) sent.set(node, before / 2)
      }
      if (elapsed < 10_000) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  const [quickLoad, slowLoad] = [loadOf(quick), loadOf(slow)]
  const [report] = await slow.requests(1)
  await Promise.all(all)
  t.diagnostic(
    `load factors ${quickLoad} and ${slowLoad}, at most ${longest.slow} at the slow node`,
  )
  assert.ok(slowLoad < 0.5 * quickLoad, `load factors ${quickLoad} and ${slowLoad}`)
  assert.ok(longest.slow < 40, `${longest.slow} requests at the slow node`)
  assert.ok((report?.get('application_utilization') ?? 0) > 0.5)
})
