// A Tomcat registers, and its application sees the clients' addresses in place of the proxy's.

import assert from 'node:assert/strict'
import { factsOf, Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const claims = {
  host: 'www.shop.test',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
}

export const registration: Story = {
  about: 'a node registers by its list of proxies',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const tomcat = await stage.node('a', { contexts: ['/', '/shop'] })

    await t.test('the node sends CONFIG, contexts and load, and gets requests', async () => {
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
        assert.deepEqual(
          [factsOf(answer).get('uri'), factsOf(answer).get('context')],
          [path, context],
        )
      }
    })

    await t.test('the node parses INFO: a refresh repeats nothing but CONFIG', async () => {
      const from = stage.tap.heard.length
      // Requests INFO and sends the differences to its own state: nothing but CONFIG.
      await tomcat.order('refresh')
      await stage.tap.until('the node has reported twice more', (heard) => {
        const later = heard.slice(from)
        return later.filter(({ method, reply }) => method === 'STATUS' && reply).length >= 2
      })
      assert.deepEqual(stage.tap.words('a', from), ['CONFIG'])
      assert.equal((await stage.ask('/shop/')).status, 200)
    })

    await t.test(
      'forwarding fields of an untrusted client do not reach the application',
      async () => {
        const seen = factsOf(
          await stage.ask('/shop/', { ...claims, 'x-forwarded-host': 'bank.test' }),
        )
        assert.equal(seen.get('remoteAddr'), '127.0.0.1')
        assert.equal(seen.get('serverName'), 'www.shop.test')
        assert.deepEqual([seen.get('scheme'), seen.get('secure')], ['http', 'false'])
      },
    )

    await t.test('the application sees the client of a trusted proxy in front', async () => {
      await stage.restartProxy({ TOPSPIN_TRUST: '127.0.0.0/8' })
      await stage.usable(tomcat)
      const seen = factsOf(await stage.ask('/shop/', claims))
      assert.equal(seen.get('remoteAddr'), '203.0.113.7')
      assert.equal(seen.get('serverName'), 'www.shop.test')
      assert.deepEqual([seen.get('scheme'), seen.get('secure')], ['https', 'true'])
    })
  },
}
