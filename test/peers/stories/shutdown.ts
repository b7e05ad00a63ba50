// SIGTERM, as Tomcat's own scripts and every container send it.

import assert from 'node:assert/strict'
import { Load } from '../../support/load.ts'
import { repeated, wrongAnswers } from '../../support/verdicts.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

export const leavesInOrder: Story = {
  name: 'shuts down under load: it drains, takes its leave, and no request fails',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const [leaving] = [await stage.node('a'), await stage.node('b')]
    const load = new Load(t, { port: stage.traffic, rate: 250, users: 16 })
    await load.more(300)
    const slow = stage.ask('/shop/?ms=1500', { cookie: 'JSESSIONID=elsewhere.a' })
    await stage.inFlight(leaving, 1)
    const from = stage.tap.heard.length
    const start = performance.now()
    await leaving.end('SIGTERM')
    const took = performance.now() - start
    assert.equal((await slow).status, 200)
    assert.equal((await slow).headers['x-run'], leaving.run)
    await load.more(200)
    const summary = await load.stop()
    t.diagnostic(
      `${summary.completed} requests, ${summary.failures.length} failed; it took ${took.toFixed(0)} ms`,
    )
    assert.deepEqual(summary.failures, [])
    assert.deepEqual(wrongAnswers(summary, stage.tomcats.runs), [])
    assert.deepEqual(repeated(stage.tomcats.executions()), [])
    assert.deepEqual(unique(stage.tap.words('a', from)), [
      'DISABLE-APP /shop',
      'STOP-APP /shop',
      'REMOVE-APP /shop',
      'REMOVE-APP *',
    ])
    assert.equal(await stage.report('a'), undefined)
    assert.ok(took > 500 && took < 8_000, `${took} ms`)
  },
}

/** STOP-APP is asked again and again until nothing is in flight. */
function unique(words: readonly string[]): string[] {
  return words.filter((word, index) => word !== words[index - 1])
}
