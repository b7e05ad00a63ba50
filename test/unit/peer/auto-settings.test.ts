import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peerAutoSettings } from '../../../src/peer/auto-settings.ts'

test('what is set becomes an option, what is not stays away', () => {
  const settings = peerAutoSettings({
    TOPSPIN_MODE: 'peer',
    TOPSPIN_GROUP: '10.0.0.1:4445, 10.0.0.2',
    TOPSPIN_CANDIDACY: 'byAge 5, byHostname (a|b)',
    TOPSPIN_KEY: 'a, secret',
    TOPSPIN_PERIOD: '2s',
    TOPSPIN_ANSWER_TIMEOUT: '500ms',
    TOPSPIN_PORT: '3000',
    TOPSPIN_NAME: ' ',
    PATH: '/bin',
  })
  assert.deepEqual(settings, {
    kind: 'join',
    port: 3000,
    options: {
      group: ['10.0.0.1:4445', '10.0.0.2'],
      signals: true,
      candidacy: 'byAge 5, byHostname (a|b)',
      key: 'a, secret',
      periodMs: 2_000,
      timeouts: { responseHeadMs: 500 },
    },
  })
})

test('everything wrong is told at once, with what may have been meant', () => {
  const settings = peerAutoSettings({
    TOPSPIN_CAPACITY: 'much',
    TOPSPIN_TTL: '256',
    TOPSPIN_CONTEXTS: '/a,,/b',
    TOPSPIN_CANDIDACIES: 'byAge',
  })
  assert.equal(settings.kind, 'bad')
  const text = settings.kind === 'bad' ? settings.problems.join('\n') : ''
  for (const word of [/CAPACITY="much"/, /TTL="256"/, /CONTEXTS/, /TOPSPIN_CANDIDACY$/m]) {
    assert.match(text, word)
  }
  assert.deepEqual(peerAutoSettings({ TOPSPIN_MODE: 'peer' }), {
    kind: 'bad',
    problems: ['TOPSPIN_GROUP is not set'],
  })
})
