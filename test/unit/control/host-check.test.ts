import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hostCheck } from '../../../src/control/host-check.ts'
import { isNameEntry } from '../../../src/net/node-addresses.ts'

const names = new Map([
  ['app.internal', ['10.0.0.7', '10.0.0.8']],
  ['split.example', ['10.0.0.7', '192.0.2.1']],
  ['metadata.example', ['169.254.169.254']],
  ['2852039166', ['169.254.169.254']],
])
const check = (allow: readonly string[]) => hostCheck(allow, async (name) => names.get(name) ?? [])

describe('without a list', () => {
  const mayBeAt = check([])
  for (const host of [
    '10.0.0.7',
    '127.0.0.1',
    '::1',
    'app.internal',
    'unknown.example',
    '64:ff9b::a00:7',
    '2002:a00:7::1',
  ])
    test(`a node may be at ${host}`, async () => assert.equal(await mayBeAt(host), true))
  for (const host of [
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd00:c1::a9fe:a9fe',
    'fd20:ce::254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b::192.0.0.192',
    '::a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '2002:a9fe:a9fe::',
    '2001:0:a9fe:a9fe::1',
    '2001:0:1:2:3:4:5601:5601',
    'fe80::1%eth0',
    'metadata.example',
    '2852039166',
  ])
    test(`no node may be at ${host}`, async () => assert.equal(await mayBeAt(host), false))
})

describe('with a list', () => {
  const mayBeAt = check(['10.0.0.0/8', 'db.example', '.apps.example', '*.more.example'])
  for (const host of [
    '10.1.2.3',
    '::ffff:10.1.2.3',
    'app.internal',
    'DB.example',
    'db.example.',
    'a.apps.example',
    'a.b.more.example',
  ])
    test(`a node may be at ${host}`, async () => assert.equal(await mayBeAt(host), true))
  for (const host of [
    '127.0.0.1',
    '11.0.0.1',
    '::1',
    'split.example',
    'unknown.example',
    'apps.example',
    'evilapps.example',
    'xdb.example',
  ])
    test(`no node may be at ${host}`, async () => assert.equal(await mayBeAt(host), false))
})

test('link-local addresses are allowed when they are listed', async () => {
  assert.equal(await check(['169.254.0.0/16'])('169.254.1.1'), true)
})

test('an entry that is neither a network nor a name is an error', () => {
  assert.equal(isNameEntry('10.0.0.0/8'), false)
  assert.equal(isNameEntry('10.0.0'), false)
  assert.equal(isNameEntry('a b'), false)
  assert.throws(() => check(['10.0.0']), RangeError)
  assert.throws(() => check(['10.0.0.0/40']), RangeError)
})
