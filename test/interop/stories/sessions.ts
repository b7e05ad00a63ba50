// Sessions stay with their Tomcat, whatever happens to the proxy; when the Tomcat dies they stay in its domain.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { get } from '../../support/node-server.ts'
import type { TomcatRun } from '../../support/tomcats.ts'
import { Stage, told } from '../stage.ts'
import type { Story } from '../story.ts'

/** Tomcat reports every second here; it finds out, and says everything again. */
const backWithinMs = 4_000

export const sessions: Story = {
  about: 'sessions stay, whatever happens to the proxy',
  async play(t, kind) {
    const folder = mkdtempSync(join(tmpdir(), 'topspin-state-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const settings = { TOPSPIN_STATE: join(folder, 'state') }
    const stage = await Stage.set(t, kind, settings)
    const held: Session[] = []
    for (const node of [await stage.node('a'), await stage.node('b')]) {
      const cookie = await stage.sessionOn(node)
      assert.ok(cookie.endsWith(`.${node.route}`), cookie)
      held.push({ node, cookie })
    }

    await t.test('a session is known by its cookie', () => stickTo(stage, held))

    await t.test('a session is known by its id in the path', async () => {
      for (const { node, cookie } of held) {
        const id = cookie.replace('JSESSIONID=', '')
        const answer = await stage.ask(`/shop/page;jsessionid=${id}`)
        assert.equal(answer.headers['x-run'], node.run)
        assert.equal(told(answer).get('session'), id)
      }
    })

    await t.test('a proxy that was killed and has a state file serves them at once', async () => {
      const from = stage.tap.heard.length
      await stage.restartProxy(settings)
      await stickTo(stage, held)
      await stage.tap.until('both have reported', (heard) => {
        const later = heard.slice(from).filter(({ reply }) => reply !== undefined)
        return held.every(
          ({ node }) => later.filter(({ says }) => says.get('JVMRoute') === node.route).length >= 2,
        )
      })
      // The nodes find nothing amiss: none of them says again what it has.
      for (const { node } of held) {
        const said = stage.tap.words(node.route, from).filter((word) => word !== 'CONFIG')
        assert.deepEqual(said, [])
      }
      await stickTo(stage, held)
    })

    await t.test('a proxy that was killed and starts empty has them back by itself', async () => {
      await stage.restartProxy()
      const start = performance.now()
      for (const { node } of held) await stage.usable(node)
      const ms = performance.now() - start
      await stickTo(stage, held)
      t.diagnostic(`both are back after ${ms.toFixed(0)} ms`)
      assert.ok(ms < backWithinMs, `${ms} ms`)
    })
  },
}

export const failover: Story = {
  about: 'it is killed, and its sessions move inside its domain and nowhere else',
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
      // Without replication it begins a new one, that belongs to the heir.
      assert.match(String(answer.headers['set-cookie']), /\.b;/)
    }
    // The other domain is alive: it serves who has no session.
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
      assert.equal(told(answer).get('isNew'), 'false')
    }
  }
}
