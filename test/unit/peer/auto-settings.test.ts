import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peerAutoSettings } from '../../../src/peer/auto-settings.ts'

test('a variable that is set becomes an option, the others are left out', () => {
  const settings = peerAutoSettings({
    TOPSPIN_MODE: 'peer',
    TOPSPIN_GROUP: '10.0.0.1:4445, 10.0.0.2',
    TOPSPIN_CANDIDACY: 'byAge 5, byHostname (a|b)',
    TOPSPIN_PEER_KEY: 'a, secret',
    TOPSPIN_ADDRESS: 'http://10.0.0.1:80',
    TOPSPIN_PERIOD: '1.5m',
    TOPSPIN_ANSWER_TIMEOUT: '500ms',
    TOPSPIN_PORT: '3000',
    TOPSPIN_NAME: ' ',
    PATH: '/bin',
  })
  assert.ok(settings.kind === 'join')
  assert.equal(settings.port, 3000)
  assert.deepEqual(settings.warnings, [])
  const { log: _, ...options } = settings.options
  assert.deepEqual(options, {
    group: ['10.0.0.1:4445', '10.0.0.2'],
    signals: true,
    candidacy: 'byAge 5, byHostname (a|b)',
    key: 'a, secret',
    address: 'http://10.0.0.1:80',
    periodMs: 90_000,
    timeouts: { responseHeadMs: 500 },
  })
})

test('all problems are reported at once, with suggestions for misspelt names', () => {
  const settings = peerAutoSettings({
    TOPSPIN_CAPACITY: 'much',
    TOPSPIN_TTL: '256',
    TOPSPIN_CONTEXTS: '/a,,/b',
    TOPSPIN_CANDIDACIES: 'byAge',
  })
  assert.equal(settings.kind, 'bad')
  const text = settings.kind === 'bad' ? settings.problems.join('\n') : ''
  for (const word of [/CAPACITY="much"/, /TTL="256"/, /CONTEXTS/, /mean TOPSPIN_CANDIDACY\?$/m]) {
    assert.match(text, word)
  }
  assert.deepEqual(peerAutoSettings({ TOPSPIN_MODE: 'peer' }), {
    kind: 'bad',
    problems: ['TOPSPIN_GROUP is not set'],
  })
})

test('former names are accepted with a warning, and the new ones outrank them', () => {
  const former = {
    TOPSPIN_GROUP: '10.0.0.1',
    TOPSPIN_KEY: 'a shared secret',
    TOPSPIN_ADVERTISE: 'https://10.0.0.1:443',
  }
  const settings = peerAutoSettings(former)
  assert.ok(settings.kind === 'join')
  assert.equal(settings.options.key, 'a shared secret')
  assert.equal(settings.options.address, 'https://10.0.0.1:443')
  assert.deepEqual(settings.warnings, [
    'TOPSPIN_KEY is now called TOPSPIN_PEER_KEY; please rename it',
    'TOPSPIN_ADVERTISE is now called TOPSPIN_ADDRESS; please rename it',
  ])
  const both = peerAutoSettings({ ...former, TOPSPIN_PEER_KEY: 'another secret' })
  assert.ok(both.kind === 'join')
  assert.equal(both.options.key, 'another secret')
  assert.equal(both.warnings.length, 1)
})

test('what the agent means by a former name is refused, with what would be right', () => {
  const settings = peerAutoSettings({
    TOPSPIN_GROUP: '10.0.0.1',
    TOPSPIN_KEY: '/etc/topspin/node.pem',
    TOPSPIN_ADVERTISE: 'on',
  })
  assert.deepEqual(settings, {
    kind: 'bad',
    problems: [
      'TOPSPIN_KEY looks like the name of a file; write the secret itself, which is the same for all peers',
      'TOPSPIN_ADVERTISE="on" is not a URL; write http://host:port, where other peers reach this server',
    ],
  })
})

test('a group without a key has to be asked for', () => {
  assert.deepEqual(peerAutoSettings({ TOPSPIN_GROUP: '10.0.0.1', TOPSPIN_PEER_KEY: '' }), {
    kind: 'bad',
    problems: [
      'TOPSPIN_PEER_KEY is not set; set the secret that all peers share, or TOPSPIN_INSECURE=yes for a group without one',
    ],
  })
  const settings = peerAutoSettings({ TOPSPIN_GROUP: '10.0.0.1', TOPSPIN_INSECURE: 'yes' })
  assert.ok(settings.kind === 'join')
  assert.equal(settings.options.insecure, true)
})
