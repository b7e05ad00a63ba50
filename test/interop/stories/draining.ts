// The requests and sessions that a Tomcat waits for before an application stops.

import assert from 'node:assert/strict'
import { Load } from '../../support/load.ts'
import { until } from '../../support/until.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

export const draining: Story = {
  about: 'an application drains before it stops',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const a = await stage.node('a')
    const b = await stage.node('b', { listener: { sessionDrainingStrategy: 'ALWAYS' } })

    await t.test(
      'the stop of an application does not wait for requests of another one',
      async (step) => {
        const load = new Load(step, { port: stage.traffic, rate: 150, users: 8 })
        await load.more(50)
        assert.equal((await stage.ask('/news/')).status, 404)
        await a.order('deploy /news')
        assert.equal((await stage.ask('/news/')).status, 200)
        await load.more(50)
        const start = performance.now()
        await a.order('undeploy /news')
        const took = performance.now() - start
        assert.equal((await stage.ask('/news/')).status, 404)
        await load.more(50)
        assert.deepEqual((await load.stop()).failures, [])
        assert.ok(took < inVainMs, `${took} ms`)
      },
    )

    await t.test('the stop waits for the requests that the replies to STOP-APP count', async () => {
      await a.order('deploy /slow')
      const slow = [1_500, 2_000].map((ms) => stage.ask(`/slow/?ms=${ms}`))
      await stage.inFlight(a, '/slow', 2)
      const from = stage.tap.heard.length
      const start = performance.now()
      await a.order('undeploy /slow')
      const took = performance.now() - start
      for (const answer of await Promise.all(slow)) assert.equal(answer.status, 200)
      const counts = stage.tap
        .of('a', from)
        .filter(({ method }) => method === 'STOP-APP')
        .map(({ reply }) => Number(new URLSearchParams(reply?.body ?? '').get('Requests')))
      t.diagnostic(`STOP-APP said ${counts} requests; undeployed after ${took.toFixed(0)} ms`)
      assert.equal(counts[0], 2)
      assert.equal(counts.at(-1), 0)
      assert.ok(took < inVainMs, `${took} ms`)
    })

    await t.test(
      'a draining application keeps its sessions until they end, and gets no new ones',
      async () => {
        await b.order('deploy /desk')
        await a.order('deploy /desk')
        const cookie = await stage.sessionOn(b, '/desk/')
        const undeployed = b.order('undeploy /desk')
        await until('its context is disabled', async () => {
          const report = await stage.report('b')
          const context = report?.contexts.find(({ path }) => path === '/desk')
          return context?.status === 'DISABLED'
        })
        for (let i = 0; i < 6; i++) {
          assert.equal((await stage.ask('/desk/')).headers['x-run'], a.run)
          assert.equal((await stage.ask('/desk/', { cookie })).headers['x-run'], b.run)
        }
        const start = performance.now()
        await stage.ask('/desk/?logout', { cookie })
        await undeployed
        const took = performance.now() - start
        assert.ok(took < inVainMs, `${took} ms after the last session ended`)
      },
    )
  },
}

/** A node that drains in vain waits 10 s. */
const inVainMs = 8_000
