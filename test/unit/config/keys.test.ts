import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { changedKeys, configKeys, withValuesOf } from '../../../src/config/keys.ts'
import type { Config } from '../../../src/config/schema.ts'
import { takesEffect } from '../../../src/config/takes-effect.ts'

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

test('equal configurations have no changed keys', () => {
  assert.deepEqual(changedKeys(configOf('via: x'), configOf('via: x')), [])
})

test('the changed keys of two configurations are named, in lists and sections, too', () => {
  const before = configOf('listen: 127.0.0.1:1\npool: { idleMax: 6 }')
  const after = configOf(
    'listen: 127.0.0.1:2\npool: { idleMax: 7 }\nvia: x\ntls: { forwardClientCert: true }',
  )
  const keys = ['listen', 'pool.idleMax', 'tls.forwardClientCert', 'via'].sort()
  assert.deepEqual([...changedKeys(before, after)].sort(), keys)
  assert.deepEqual([...changedKeys(after, before)].sort(), keys)
})

test('some keys of a configuration can keep the values of another one', () => {
  const before = configOf('pool: { idleMax: 6, idle: 1s }\nvia: x')
  const after = configOf('pool: { idleMax: 7, idle: 2s }')
  const mixed = withValuesOf(before, after, ['pool.idleMax', 'via'])
  assert.deepEqual(mixed.pool, { idleMax: 6, idle: 2_000 })
  assert.equal(mixed.via, 'x')
  assert.equal(after.pool.idleMax, 7)
})

test('every key says when it takes effect', () => {
  for (const { name } of configKeys()) assert.match(takesEffect(name), /^[a-z].*[^.]$/, name)
  assert.throws(() => takesEffect('unknown.key'), /takes-effect\.ts/)
})
