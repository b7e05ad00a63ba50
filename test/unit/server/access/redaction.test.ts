import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessLogConfig } from '../../../../src/config/schema-access-log.ts'
import { redaction } from '../../../../src/server/access/redaction.ts'
import { accessEntry } from '../../../support/access-entry.ts'

const rules = (redact: string[], client: AccessLogConfig['client'] = 'full') => ({ redact, client })

const target = (redact: string[], of: string): string | undefined =>
  redaction(rules(redact), [])?.(accessEntry({ target: of })).target

test('an entry that has nothing to hide stays as it is', () => {
  assert.equal(redaction(rules(['cookie', 'authorization']), ['referer']), undefined)
})

test('fields are hidden by name', () => {
  const hide = redaction(rules(['cookie', 'user-agent']), ['referer', 'cookie', 'cookie'])
  const entry = accessEntry({ fields: ['/a', 'id=1', ''], userAgent: 'x' })
  assert.deepEqual(hide?.(entry).fields, ['/a', 'REDACTED', ''])
  assert.equal(hide?.(entry).userAgent, 'REDACTED')
})

test('values of the query are hidden, all or by the name that applications read', () => {
  assert.equal(target(['query'], '/a?b=1&c=&d'), '/a?b=REDACTED&c=REDACTED&REDACTED')
  assert.equal(
    target(['query.token'], '/a?b=1&tok%65n=2&token=3'),
    '/a?b=1&tok%65n=REDACTED&token=REDACTED',
  )
  assert.equal(target(['query.token'], '/a?%=1'), '/a?%=1')
  assert.equal(target(['query'], '/a'), '/a')
  const hide = redaction(rules(['query']), ['referer'])
  assert.deepEqual(hide?.(accessEntry({ fields: ['http://x/?a=1'] })).fields, [
    'http://x/?a=REDACTED',
  ])
})

test('of addresses the network is left, or nothing', () => {
  const client = (of: string, how: AccessLogConfig['client']): string | undefined =>
    redaction(rules([], how), [])?.(accessEntry({ client: of, remote: of })).client
  assert.equal(client('203.0.113.9', 'network'), '203.0.113.0')
  assert.equal(client('2001:db8:1:2::3', 'network'), '2001:db8:1::')
  assert.equal(client('unix', 'network'), 'unix')
  assert.equal(client('203.0.113.9', 'off'), '')
})
