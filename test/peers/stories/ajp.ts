// What only AJP has: a secret between proxy and container, and attributes that a client must not reach.

import assert from 'node:assert/strict'
import { Stage, told } from '../stage.ts'
import type { Story } from '../story.ts'

const secret = 'open sesame'
const withSecret = { connector: { secretRequired: 'true', secret } }

export const knowsTheSecret: Story = {
  name: 'answers a proxy that knows its secret',
  async play(t, connector) {
    const stage = await Stage.set(t, connector, { TOPSPIN_AJP_SECRET: secret })
    await stage.node('a', withSecret)
    assert.equal((await stage.ask('/shop/')).status, 200)
  },
}

export const refusesTheWrongSecret: Story = {
  name: 'refuses a proxy with another secret, and is not held for dead',
  async play(t, connector) {
    const stage = await Stage.set(t, connector, { TOPSPIN_AJP_SECRET: 'guessed' })
    await stage.node('a', withSecret)
    for (let i = 0; i < 5; i++) assert.equal((await stage.ask('/shop/')).status, 403)
    assert.equal((await stage.report('a'))?.health, 'up')
  },
}

export const keepsAttributesApart: Story = {
  name: 'takes a field for a field, whatever its name',
  async play(t, connector) {
    const stage = await Stage.set(t, connector)
    await stage.node('a')
    const names = [
      'jakarta.servlet.include.request_uri',
      'jakarta.servlet.include.servlet_path',
      'AJP_REMOTE_PORT',
      'remote_user',
      'secret',
    ]
    const fields = Object.fromEntries(names.map((name) => [name, '1']))
    const plain = told(await stage.ask('/shop/'))
    const seen = told(await stage.ask('/shop/', fields))
    for (const name of names) assert.equal(seen.get(`header.${name.toLowerCase()}`), '1', name)
    const attributes = (all: Map<string, string>): string[] =>
      [...all.keys()].filter((key) => key.startsWith('attribute.'))
    assert.deepEqual(attributes(seen), attributes(plain))
    assert.equal(seen.get('remoteUser'), 'null')
  },
}
