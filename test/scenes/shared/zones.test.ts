// Three zones with a server of NATS and a proxy in each, of which one is cut off while nodes change on both sides: each side
// serves on, and once the zone is joined again all proxies are equal. The zones are network namespaces; test/fixtures/zones.ts
// is the story.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { built } from '../../support/child.ts'
import { addDesk, makeNetwork, namespace, noNamespaces, prefix } from '../../support/namespaces.ts'
import { noNats } from '../../support/nats.ts'

const zones = { zone1: '10.1.0.1/24', zone2: '10.1.0.2/24', zone3: '10.1.0.3/24' }
const addresses = { zone1: '10.2.0.1/24', zone2: '10.2.0.2/24', zone3: '10.2.0.3/24' }

test('a zone that is cut off serves on, and is joined again', {
  skip: noNats || noNamespaces(),
  timeout: 280_000,
}, async (t) => {
  makeNetwork(t, zones)
  addDesk('10.2.0.254/24', addresses)
  const fixture = built('test/fixtures/zones.js')
  const at = ['netns', 'exec', namespace('switch'), process.execPath, fixture, prefix]
  // It reports to a person, not to this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const story = spawn('ip', at, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => story.kill('SIGKILL'))
  let text = ''
  story.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const code = await new Promise((resolve) => story.once('close', resolve))
  for (const line of text.split('\n'))
    if (line.includes('changes accepted')) t.diagnostic(line.replace(/^[\\ℹ#\s]+/, ''))
  assert.equal(code, 0, text)
})
