// Applications come and go in running Tomcats under traffic.

import assert from 'node:assert/strict'
import { Load } from '../../support/load.ts'
import { until } from '../../support/until.ts'
import { repeated } from '../../support/verdicts.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

export const redeploysUnderLoad: Story = {
  name: 'takes an application away and brings it back under load, and no request fails',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const tomcats = [await stage.node('a'), await stage.node('b')]
    const load = new Load(t, { port: stage.traffic, rate: 250, users: 16 })
    await load.more(300)
    const drains: number[] = []
    for (const tomcat of tomcats) {
      const from = stage.tap.heard.length
      const start = performance.now()
      await tomcat.order('undeploy /shop')
      drains.push(performance.now() - start)
      const words = stage.tap.words(tomcat.route, from)
      const stops = words.filter((word) => word === 'STOP-APP /shop').length
      const expected = Array.from({ length: stops }, () => 'STOP-APP /shop')
      assert.ok(stops > 0)
      assert.deepEqual(words, ['DISABLE-APP /shop', ...expected, 'REMOVE-APP /shop'])
      await load.more(200)
      await tomcat.order('deploy /shop')
      const before = load.of(tomcat.run)
      await until(`${tomcat.route} answers again`, () => load.of(tomcat.run) > before + 20, 20_000)
    }
    const summary = await load.stop()
    const { completed, moved, posts, answeredPosts, failures } = summary
    t.diagnostic(
      `${completed} requests, ${failures.length} failed, ${moved.length} moved with their session; undeployed after ${drains.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`,
    )
    assert.deepEqual(failures, [])
    assert.ok(moved.length > 0, 'no session lived through it: nothing was shown')
    const executions = stage.tomcats.executions()
    assert.deepEqual(repeated(executions), [])
    assert.equal(executions.size, posts)
    for (const id of answeredPosts) assert.equal(executions.get(id), 1)
    for (const ms of drains) assert.ok(ms < 5_000, `${ms} ms: it waited in vain`)
  },
}

export const secondApplication: Story = {
  name: 'is asked for a new application as soon as it is deployed, and no more when it is gone',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const tomcat = await stage.node('a')
    const load = new Load(t, { port: stage.traffic, rate: 150, users: 8 })
    await load.more(50)
    assert.equal((await stage.ask('/news/')).status, 404)
    await tomcat.order('deploy /news')
    assert.equal((await stage.ask('/news/')).status, 200)
    await load.more(50)
    const start = performance.now()
    await tomcat.order('undeploy /news')
    const took = performance.now() - start
    assert.equal((await stage.ask('/news/')).status, 404)
    await load.more(50)
    assert.deepEqual((await load.stop()).failures, [])
    assert.ok(took < 5_000, `${took} ms: it waited for requests of the other application`)
  },
}

export const waitsForRequests: Story = {
  name: 'waits for the requests in flight before an application stops',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const tomcat = await stage.node('a')
    const slow = [1_500, 2_000].map((ms) => stage.ask(`/shop/?ms=${ms}`))
    await stage.inFlight(tomcat, 2)
    const from = stage.tap.heard.length
    const start = performance.now()
    await tomcat.order('undeploy /shop')
    const took = performance.now() - start
    for (const answer of await Promise.all(slow)) assert.equal(answer.status, 200)
    const counts = stage.tap
      .of('a', from)
      .filter(({ method }) => method === 'STOP-APP')
      .map(({ reply }) => Number(new URLSearchParams(reply?.body ?? '').get('Requests')))
    t.diagnostic(`STOP-APP said ${counts} requests; undeployed after ${took.toFixed(0)} ms`)
    assert.equal(counts[0], 2)
    assert.equal(counts.at(-1), 0)
    assert.ok(took < 6_000, `${took} ms: it waited for more than the requests`)
  },
}

export const waitsForSessions: Story = {
  name: 'keeps its sessions and takes no new ones while it waits for them to end',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const leaving = await stage.node('a', { listener: { sessionDrainingStrategy: 'ALWAYS' } })
    const other = await stage.node('b')
    const cookie = await stage.sessionOn(leaving)
    const undeployed = leaving.order('undeploy /shop')
    await until('its context is disabled', async () => {
      const report = await stage.report('a')
      return report?.contexts.every(({ status }) => status === 'DISABLED') === true
    })
    for (let i = 0; i < 6; i++) {
      assert.equal((await stage.ask('/shop/')).headers['x-run'], other.run)
      assert.equal((await stage.ask('/shop/', { cookie })).headers['x-run'], leaving.run)
    }
    const start = performance.now()
    await stage.ask('/shop/?logout', { cookie })
    await undeployed
    const took = performance.now() - start
    assert.ok(took < 5_000, `${took} ms after the last session ended`)
  },
}
