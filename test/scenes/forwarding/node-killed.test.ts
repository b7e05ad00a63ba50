// Nodes die without a word under traffic, and come back: at the address they had, and at another one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Summary } from '../../fixtures/load-generator.ts'
import { Load } from '../../support/load.ts'
import { type NodeRun, SessionNodes } from '../../support/session-nodes.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'
import { repeated, wrongAnswers } from '../../support/verdicts.ts'

test('killed nodes fail no idempotent request and get no POST twice; sessions move; returning nodes get their share without a flood', async (t) => {
  const proxy = await startServe([], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = new URL(proxy.control).host
  const nodes = new SessionNodes(t)
  // Equal and constant, so that a fair share is a third.
  const start = (route: string, port: number): NodeRun =>
    nodes.start({ route, control, port, constantLoad: true })
  const present = ['a', 'b', 'c'].map((route) => start(route, 0))
  await Promise.all(present.map((node) => node.ready()))

  const load = new Load(t, { port: Number(new URL(proxy.traffic).port), rate: 700, users: 48 })
  await load.more(1_500)
  const [, b, c] = present
  assert.ok(b !== undefined && c !== undefined)
  const fresh: NodeRun[] = []
  for (const { old, port } of [
    { old: b, port: b.port },
    { old: c, port: 0 },
  ]) {
    await old.end('SIGKILL')
    await load.more(700)
    const again = start(old.route, port)
    fresh.push(again)
    await again.ready()
    // Its share grows as sessions begin, so that the last 900 answers of all, which are judged, are late enough.
    await until(
      `the node ${again.route} that came back has answered 1,000 requests`,
      () => load.of(again.run) >= 1_000,
      30_000,
      () => load.progress,
    )
  }
  const summary = await load.stop()

  const { completed, seconds, failures, moved } = summary
  const rate = completed / seconds
  const shares = fresh.map(({ run }) => sharesOf(summary, run, c.leaveAt))
  t.diagnostic(
    `${completed} requests in ${seconds.toFixed(1)} s: ${rate.toFixed(0)}/s; failed: ${failures.length} POST with 502; ${moved.length} moved with their session; shares of those that came back, in every 300 answers: ${shares.map((list) => list.map((share) => share.toFixed(2)).join(' ')).join(' | ')}`,
  )
  assert.ok(rate >= 500, `${rate} requests a second`)
  // A POST that the dead node may have executed is not sent again: the client hears of it, by an answer.
  assert.deepEqual(
    failures.filter(({ method, status }) => method !== 'POST' || status !== 502),
    [],
  )
  const executions = nodes.executions()
  assert.deepEqual(repeated(executions), [])
  for (const id of summary.answeredPosts) assert.equal(executions.get(id), 1)

  assert.deepEqual(wrongAnswers(summary, nodes.runs), [])
  assert.equal(summary.forgotten, 0)
  for (const { run, route } of [b, c]) {
    assert.ok(
      moved.some(({ home }) => home === run),
      `no session of ${route} moved on`,
    )
  }
  for (const list of shares) {
    // A node that is flooded gets everything, or nearly, until it has caught up.
    assert.ok(list.length >= 3 && Math.max(...list) <= 0.75, `flooded: ${list}`)
    const settled = list.slice(-3)
    const mean = settled.reduce((sum, share) => sum + share, 0) / settled.length
    // A third of the 48 users are 16, give or take 3.3: each has one session at a time.
    assert.ok(mean > 0.15, `less than its share: ${list}`)
  }
})

/**
 * A run's part of every 300 answers, from its first answer on, while all three nodes were there: for the
 * one that came back first, until the other one was killed.
 */
function sharesOf({ answers }: Summary, run: string, killedAt: number): number[] {
  const first = answers.findIndex(([, by]) => by === run)
  const [startedAt = 0] = answers[first] ?? []
  const last = startedAt < killedAt ? answers.findIndex(([at]) => at >= killedAt) : answers.length
  const shares: number[] = []
  for (let at = first; at >= 0 && at + 300 <= last; at += 300) {
    shares.push(answers.slice(at, at + 300).filter(([, by]) => by === run).length / 300)
  }
  return shares
}
