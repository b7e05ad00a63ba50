// A Tomcat registers, and its application sees the clients as if there were no proxy between.

import assert from 'node:assert/strict'
import { Stage, told } from '../stage.ts'
import type { Story } from '../story.ts'

const claims = {
  host: 'www.shop.test',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
}

export const registration: Story = {
  about: 'it registers by its list of proxies',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const tomcat = await stage.node('a', { contexts: ['/', '/shop'] })

    await t.test('it tells what it is and how busy, and gets requests', async () => {
      const words = stage.tap.words('a')
      assert.equal(words[0], 'CONFIG')
      assert.deepEqual(words.slice(1).sort(), ['ENABLE-APP /', 'ENABLE-APP /shop'])
      const refused = stage.tap.heard.filter(({ reply }) => (reply?.status ?? 200) !== 200)
      assert.deepEqual(refused, [])
      const report = await stage.report('a')
      assert.equal(report?.type, kind)
      assert.deepEqual([report?.host, report?.port], ['127.0.0.1', tomcat.port])
      const factor = report?.loadFactor ?? 0
      assert.ok(factor >= 1 && factor <= 100, `load factor ${factor}`)
      for (const [path, context] of [
        ['/anything', ''],
        ['/shop/cart', '/shop'],
      ] as const) {
        const answer = await stage.ask(path)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['x-run'], tomcat.run)
        assert.deepEqual([told(answer).get('uri'), told(answer).get('context')], [path, context])
      }
    })

    await t.test('it understands INFO: looking again it finds nothing to repeat', async () => {
      const from = stage.tap.heard.length
      // Asks for INFO, and sends what differs from its own view: nothing but CONFIG.
      await tomcat.order('refresh')
      await stage.tap.until('the node has reported twice more', (heard) => {
        const later = heard.slice(from)
        return later.filter(({ method, reply }) => method === 'STATUS' && reply).length >= 2
      })
      assert.deepEqual(stage.tap.words('a', from), ['CONFIG'])
      assert.equal((await stage.ask('/shop/')).status, 200)
    })

    await t.test('its application believes nothing that a client says of itself', async () => {
      const seen = told(await stage.ask('/shop/', { ...claims, 'x-forwarded-host': 'bank.test' }))
      assert.equal(seen.get('remoteAddr'), '127.0.0.1')
      assert.equal(seen.get('serverName'), 'www.shop.test')
      assert.deepEqual([seen.get('scheme'), seen.get('secure')], ['http', 'false'])
    })

    await t.test('its application sees who asks through a trusted proxy in front', async () => {
      await stage.restartProxy({ TOPSPIN_TRUST: '127.0.0.0/8' })
      await stage.usable(tomcat)
      const seen = told(await stage.ask('/shop/', claims))
      assert.equal(seen.get('remoteAddr'), '203.0.113.7')
      assert.equal(seen.get('serverName'), 'www.shop.test')
      assert.deepEqual([seen.get('scheme'), seen.get('secure')], ['https', 'true'])
    })
  },
}
