// Features of AJP alone: a secret between proxy and container, and attributes that a client must not set.

import assert from 'node:assert/strict'
import { factsOf, Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const secret = 'open sesame'

export const ajp: Story = {
  about: 'the connector requires a secret',
  async play(t, kind) {
    const stage = await Stage.set(t, kind, { TOPSPIN_AJP_SECRET: secret })
    const tomcat = await stage.node('a', { connector: { secretRequired: 'true', secret } })

    await t.test('no header field of a client becomes an attribute', async () => {
      const names = [
        'jakarta.servlet.include.request_uri',
        'jakarta.servlet.include.servlet_path',
        'AJP_REMOTE_PORT',
        'remote_user',
        'secret',
      ]
      const fields = Object.fromEntries(names.map((name) => [name, '1']))
      const plain = await stage.ask('/shop/')
      assert.equal(plain.status, 200)
      const seen = factsOf(await stage.ask('/shop/', fields))
      for (const name of names) assert.equal(seen.get(`header.${name.toLowerCase()}`), '1', name)
      assert.deepEqual(attributes(seen), attributes(factsOf(plain)))
      assert.equal(seen.get('remoteUser'), 'null')
    })

    await t.test('a proxy with another secret is refused, and the node stays up', async () => {
      await stage.restartProxy({ TOPSPIN_AJP_SECRET: 'guessed' })
      await stage.usable(tomcat)
      for (let i = 0; i < 5; i++) assert.equal((await stage.ask('/shop/')).status, 403)
      assert.equal((await stage.report('a'))?.health, 'up')
    })
  },
}

function attributes(seen: Map<string, string>): string[] {
  return [...seen.keys()].filter((key) => key.startsWith('attribute.'))
}
