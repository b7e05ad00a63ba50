// A rolling restart: three nodes are restarted one after the other under traffic, and no client notices.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Load } from '../../support/load.ts'
import { SessionNodes } from '../../support/session-nodes.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'
import { repeated, wrongAnswers } from '../../support/verdicts.ts'

test('three nodes are restarted in turn under 500 requests a second: none fails, none reaches the wrong node, no POST runs twice', async (t) => {
  const proxy = await startServe([], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = new URL(proxy.control).host
  const nodes = new SessionNodes(t)
  const start = (route: string, port: number): ReturnType<SessionNodes['start']> =>
    nodes.start({ route, control, port })
  const present = ['a', 'b', 'c'].map((route) => start(route, 0))
  await Promise.all(present.map((node) => node.ready()))

  const load = new Load(t, { port: Number(new URL(proxy.traffic).port), rate: 700, users: 48 })
  await load.more(1_500)
  for (const old of present) {
    await old.end('SIGTERM')
    assert.equal(old.ending, 'SIGTERM', JSON.stringify(old.evidence))
    // One of them comes back at another address, as in a container.
    const fresh = start(old.route, old.route === 'c' ? 0 : old.port)
    await fresh.ready()
    await until(
      `the fresh ${fresh.route} has answered 100 requests`,
      () => load.of(fresh.run) >= 100,
      15_000,
      () => load.progress,
    )
  }
  await load.more(1_000)
  const summary = await load.stop()

  const rate = summary.completed / summary.seconds
  const { completed, gets, posts, withSession, failures, moved } = summary
  t.diagnostic(
    `${completed} requests (${gets} GET, ${posts} POST, ${withSession} with a session) in ${summary.seconds.toFixed(1)} s: ${rate.toFixed(0)}/s, ${failures.length} failed, ${moved.length} moved with their session`,
  )
  assert.deepEqual(failures, [])
  assert.ok(rate >= 500, `${rate} requests a second`)
  assert.ok(gets > 1_000 && posts > 1_000 && withSession > 1_000)

  assert.deepEqual(wrongAnswers(summary, nodes.runs), [])
  assert.equal(summary.forgotten, 0)
  assert.ok(moved.length > 0, 'no session lived through a restart: nothing was shown')

  const executions = nodes.executions()
  assert.deepEqual(repeated(executions), [])
  assert.equal(executions.size, posts)
  for (const id of summary.answeredPosts) assert.equal(executions.get(id), 1)
})
