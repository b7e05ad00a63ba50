// Sessions stay with their Tomcat when the proxy is killed and restarted; when the Tomcat dies they stay in its domain.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { makeFolder } from '../../support/folder.ts'
import { get } from '../../support/node-server.ts'
import type { TomcatRun } from '../../support/tomcats.ts'
import { factsOf, Stage } from '../stage.ts'
import type { Story } from '../story.ts'

/** Tomcat reports every second here; the next report shows that the proxy is empty, and it registers again. */
const backWithinMs = 4_000

export const sessions: Story = {
  about: 'sessions stay when the proxy is killed and restarted',
  async play(t, kind) {
    const folder = makeFolder()
    const settings = { TOPSPIN_STATE: join(folder, 'state') }
    const stage = await Stage.set(t, kind, settings)
    const held: Session[] = []
    for (const node of [await stage.node('a'), await stage.node('b')]) {
      const cookie = await stage.sessionOn(node)
      assert.ok(cookie.endsWith(`.${node.route}`), cookie)
      held.push({ node, cookie })
    }

    await t.test('a session is recognised by its cookie', () => stickTo(stage, held))

    await t.test('a session is recognised by its id in the path', async () => {
      for (const { node, cookie } of held) {
        const id = cookie.replace('JSESSIONID=', '')
        const answer = await stage.ask(`/shop/page;jsessionid=${id}`)
        assert.equal(answer.headers['x-run'], node.run)
        assert.equal(factsOf(answer).get('session'), id)
      }
    })

    await t.test('a restarted proxy with a state file serves the sessions at once', async () => {
      const from = stage.tap.heard.length
      await stage.restartProxy(settings)
      await stickTo(stage, held)
      await stage.tap.until('both have reported', (heard) => {
        const later = heard.slice(from).filter(({ reply }) => reply !== undefined)
        return held.every(
          ({ node }) => later.filter(({ says }) => says.get('JVMRoute') === node.route).length >= 2,
        )
      })
      // No node registers again.
      for (const { node } of held) {
        const said = stage.tap.words(node.route, from).filter((word) => word !== 'CONFIG')
        assert.deepEqual(said, [])
      }
      await stickTo(stage, held)
    })

    await t.test(
      'a restarted proxy without a state file gets the nodes back by their next reports',
      async () => {
        await stage.restartProxy()
        const start = performance.now()
        for (const { node } of held) await stage.usable(node)
        const ms = performance.now() - start
        await stickTo(stage, held)
        t.diagnostic(`both are back after ${ms.toFixed(0)} ms`)
        assert.ok(ms < backWithinMs, `${ms} ms`)
      },
    )
  },
}

export const failover: Story = {
  about: 'sessions of a killed node move inside its domain only',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const inDomain = (domain: string) => ({ listener: { loadBalancingGroup: domain } })
    const killed = await stage.node('a', inDomain('east'))
    const heir = await stage.node('b', inDomain('east'))
    const stranger = await stage.node('c', inDomain('west'))
    assert.equal((await stage.report('c'))?.domain, 'west')
    const cookies: string[] = []
    for (let i = 0; i < 8; i++) cookies.push(await stage.sessionOn(killed))
    await killed.end('SIGKILL')
    for (const cookie of cookies) {
      const answer = await stage.ask('/shop/', { cookie })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-run'], heir.run)
      // Without replication the other node begins a new session.
      assert.match(String(answer.headers['set-cookie']), /\.b;/)
    }
    // The other domain serves clients without a session.
    const runs = new Set<unknown>()
    for (let i = 0; i < 12; i++) runs.add((await get(stage.traffic, '/shop/')).headers['x-run'])
    assert.deepEqual(runs, new Set([heir.run, stranger.run]))
  },
}

interface Session {
  readonly node: TomcatRun
  readonly cookie: string
}

async function stickTo(stage: Stage, sessions: readonly Session[]): Promise<void> {
  for (const { node, cookie } of sessions) {
    for (let i = 0; i < 4; i++) {
      const answer = await stage.ask('/shop/', { cookie })
      assert.equal(answer.headers['x-run'], node.run, answer.text)
      assert.equal(factsOf(answer).get('isNew'), 'false')
    }
  }
}
