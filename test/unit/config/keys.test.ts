import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { configKeys, restartKeys } from '../../../src/config/keys.ts'
import type { Config } from '../../../src/config/schema.ts'

function configOf(text: string): Config {
  const result = readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [] })
  assert.ok(result.ok)
  return result.config
}

test('every key has a form, a description and a variable of its own', () => {
  const keys = configKeys()
  for (const { name, schema } of keys) {
    assert.ok(schema.form, name)
    assert.match(schema.description ?? '', /^[A-Z`].*\.$/, name)
  }
  assert.equal(new Set(keys.map(({ variable }) => variable)).size, keys.length)
  const { variable } = keys.find(({ name }) => name === 'timeouts.responseHead') ?? {}
  assert.equal(variable, 'TOPSPIN_TIMEOUTS_RESPONSE_HEAD')
})

test('equal configurations need no restart', () => {
  assert.deepEqual(restartKeys(configOf('via: x'), configOf('via: x')), [])
})

test('a changed key needs a restart, unless SIGHUP puts it in force', () => {
  const before = configOf('listen: 127.0.0.1:1\npool: { idleMax: 6 }')
  const after = configOf(
    'listen: 127.0.0.1:2\npool: { idleMax: 7 }\nvia: x\nto: 3001\nlog: { level: warn }\n' +
      'tls: { cert: a, forwardClientCert: true }\nnodeTls: { verify: false }\ncandidacy: byRandom',
  )
  const keys = ['listen', 'pool.idleMax', 'tls.forwardClientCert', 'via'].sort()
  assert.deepEqual(restartKeys(before, after).sort(), keys)
  assert.deepEqual(restartKeys(after, before).sort(), keys)
})
