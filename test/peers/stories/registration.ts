// A Tomcat registers, and its application sees the clients as if there were no proxy between.

import assert from 'node:assert/strict'
import { get } from '../../support/node-server.ts'
import { Stage, told } from '../stage.ts'
import type { Story } from '../story.ts'

export const registersByList: Story = {
  name: 'registers by its list of proxies, reports its load and serves',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const tomcat = await stage.node('a', { contexts: ['/', '/shop'] })

    const words = stage.tap.words('a')
    assert.equal(words[0], 'CONFIG')
    assert.deepEqual(words.slice(1).sort(), ['ENABLE-APP /', 'ENABLE-APP /shop'])
    const refused = stage.tap.heard.filter(
      ({ reply }) => reply !== undefined && reply.status !== 200,
    )
    assert.deepEqual(refused, [])

    const report = await stage.report('a')
    assert.equal(report?.type, connector)
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
  },
}

export const registersOnlyOnce: Story = {
  name: 'understands INFO: registered once, it has nothing to repeat when it looks again',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    const tomcat = await stage.node('a', { contexts: ['/shop', '/help'] })
    const from = stage.tap.heard.length
    // Asks for INFO, and sends what differs from its own view: nothing but CONFIG.
    await tomcat.order('refresh')
    await stage.tap.until('the node has reported twice more', (heard) => {
      const later = heard.slice(from)
      return later.filter(({ method, reply }) => method === 'STATUS' && reply).length >= 2
    })
    assert.deepEqual(stage.tap.words('a', from), ['CONFIG'])
    assert.equal((await stage.ask('/help/')).status, 200)
  },
}

export const seesTheClient: Story = {
  name: 'sees the address, host and scheme of the client',
  async play(t, connector) {
    const stage = await Stage.set(t, connector, { TOPSPIN_TRUST: '127.0.0.0/8' })
    await stage.node('a')
    const plain = told(await stage.ask('/shop/', { host: 'www.shop.test' }))
    assert.equal(plain.get('remoteAddr'), '127.0.0.1')
    assert.equal(plain.get('serverName'), 'www.shop.test')
    assert.deepEqual([plain.get('scheme'), plain.get('secure')], ['http', 'false'])
    const behindAnother = told(
      await stage.ask('/shop/', {
        host: 'www.shop.test',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
      }),
    )
    assert.equal(behindAnother.get('remoteAddr'), '203.0.113.7')
    assert.deepEqual([behindAnother.get('scheme'), behindAnother.get('secure')], ['https', 'true'])
  },
}

export const believesNoStranger: Story = {
  name: 'hears nothing of what a client claims about itself',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    await stage.node('a')
    const seen = told(
      await get(stage.traffic, '/shop/', {
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'bank.test',
        host: 'www.shop.test',
        connection: 'close',
      }),
    )
    assert.equal(seen.get('remoteAddr'), '127.0.0.1')
    assert.equal(seen.get('serverName'), 'www.shop.test')
    assert.equal(seen.get('scheme'), 'http')
  },
}
