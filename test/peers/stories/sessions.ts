// Sessions stay with their Tomcat, whatever happens to the proxy; when the Tomcat dies they stay in its domain.

import assert from 'node:assert/strict'
import { get } from '../../support/node-server.ts'
import { Stage, told } from '../stage.ts'
import type { Story } from '../story.ts'

/** Tomcat reports every second here; it finds out, and says everything again. */
const backWithinMs = 4_000

export const survivesTheProxy: Story = {
  name: 'keeps its sessions, and is back by itself when the proxy was killed and starts empty',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const nodes = [await stage.node('a'), await stage.node('b')]
    const cookies: string[] = []
    for (const node of nodes) {
      const cookie = await stage.sessionOn(node)
      assert.ok(cookie.endsWith(`.${node.route}`), cookie)
      cookies.push(cookie)
    }
    const sticks = async (): Promise<void> => {
      for (const [index, cookie] of cookies.entries()) {
        for (let i = 0; i < 4; i++) {
          const answer = await stage.ask('/shop/', { cookie })
          assert.equal(answer.headers['x-run'], nodes[index]?.run, answer.text)
          assert.equal(told(answer).get('isNew'), 'false')
        }
      }
    }
    await sticks()
    await stage.killProxy()
    await stage.startProxy()
    const start = performance.now()
    for (const node of nodes) await stage.usable(node)
    const ms = performance.now() - start
    t.diagnostic(`both are back after ${ms.toFixed(0)} ms`)
    await sticks()
    assert.ok(ms < backWithinMs, `${ms} ms`)
  },
}

export const sessionInThePath: Story = {
  name: 'is found by the session id in the path, for clients without cookies',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const [, b] = [await stage.node('a'), await stage.node('b')]
    const id = (await stage.sessionOn(b)).replace('JSESSIONID=', '')
    for (let i = 0; i < 4; i++) {
      const answer = await stage.ask(`/shop/page;jsessionid=${id}`)
      assert.equal(answer.headers['x-run'], b.run)
      assert.equal(told(answer).get('session'), id)
    }
  },
}

export const movesInTheDomain: Story = {
  name: 'is killed, and its sessions move inside its domain and nowhere else',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
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
