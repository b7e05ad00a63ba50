// Applications are undeployed and deployed in running Tomcats under traffic, and a Tomcat shuts down.

import assert from 'node:assert/strict'
import { Load } from '../../support/load.ts'
import { until } from '../../support/until.ts'
import { repeated, wrongAnswers } from '../../support/verdicts.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

export const deployment: Story = {
  about: 'no request fails while deployments change under load',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const [a, b] = [await stage.node('a'), await stage.node('b')]

    await t.test('each node undeploys and deploys an application twice', async (step) => {
      const load = new Load(step, { port: stage.traffic, rate: 250, users: 16 })
      await load.more(300)
      const drains: number[] = []
      for (const tomcat of [a, b, a, b]) {
        const from = stage.tap.heard.length
        const start = performance.now()
        await tomcat.order('undeploy /shop')
        drains.push(performance.now() - start)
        const words = unique(stage.tap.words(tomcat.route, from))
        assert.deepEqual(words, ['DISABLE-APP /shop', 'STOP-APP /shop', 'REMOVE-APP /shop'])
        await load.more(200)
        await tomcat.order('deploy /shop')
        const before = load.of(tomcat.run)
        await until(
          `${tomcat.route} answers again`,
          () => load.of(tomcat.run) > before + 20,
          20_000,
        )
      }
      const { completed, moved, posts, answeredPosts, failures } = await load.stop()
      t.diagnostic(
        `${completed} requests, ${failures.length} failed, ${moved.length} moved with their session; undeployed after ${drains.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`,
      )
      assert.deepEqual(failures, [])
      assert.ok(moved.length > 0, 'no session lasted: the test shows nothing')
      const executions = stage.tomcats.executions()
      assert.deepEqual(repeated(executions), [])
      assert.equal(executions.size, posts)
      for (const id of answeredPosts) assert.equal(executions.get(id), 1)
      for (const ms of drains) assert.ok(ms < inVainMs, `${ms} ms: it waited in vain`)
    })

    await t.test('a node that shuts down drains and removes its contexts', async (step) => {
      const load = new Load(step, { port: stage.traffic, rate: 250, users: 16 })
      await load.more(100)
      const slow = stage.ask('/shop/?ms=1500', { cookie: 'JSESSIONID=elsewhere.a' })
      await stage.inFlight(a, '/shop', 1)
      const from = stage.tap.heard.length
      const start = performance.now()
      await a.end('SIGTERM')
      const took = performance.now() - start
      assert.equal((await slow).status, 200)
      assert.equal((await slow).headers['x-run'], a.run)
      await load.more(200)
      const summary = await load.stop()
      t.diagnostic(
        `${summary.completed} requests, ${summary.failures.length} failed; the end took ${took.toFixed(0)} ms`,
      )
      assert.deepEqual(summary.failures, [])
      assert.deepEqual(wrongAnswers(summary, stage.tomcats.runs), [])
      assert.deepEqual(unique(stage.tap.words('a', from)), [
        'DISABLE-APP /shop',
        'STOP-APP /shop',
        'REMOVE-APP /shop',
        'REMOVE-APP *',
      ])
      assert.equal(await stage.report('a'), undefined)
      assert.ok(took < inVainMs, `${took} ms`)
    })
  },
}

/** Longer than any request here; a node that waits for what does not come waits 10 s. */
const inVainMs = 8_000

/** STOP-APP is asked again and again until nothing is in flight. */
function unique(words: readonly string[]): string[] {
  return words.filter((word, index) => word !== words[index - 1])
}
