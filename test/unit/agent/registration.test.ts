import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ContextState, registrationMessages } from '../../../src/agent/registration.ts'
import { writeBody } from '../../../src/wire/mcmp/body.ts'
import { parseInfo, type ReadInfo } from '../../../src/wire/mcmp/parse-info.ts'

const wanted = {
  config: { route: 'a', port: 80, type: 'http' },
  host: '10.0.0.7',
  aliases: ['Shop.test', 'www'],
  contexts: new Map<string, ContextState>([
    ['/cart', 'ENABLED'],
    ['/pay', 'DISABLED'],
  ]),
}

function info(...lines: string[]): ReadInfo {
  const read = parseInfo(lines.map((line) => `${line}\n`).join(''))
  assert.ok(read.ok)
  return read.info
}

function batch(known: ReadInfo | undefined): string[] {
  return registrationMessages(wanted, known).map(
    (message) => `${message.method} ${writeBody(message)}`,
  )
}

const config = 'CONFIG JVMRoute=a&Host=10.0.0.7&Port=80&Type=http'
const enable = 'ENABLE-APP JVMRoute=a&Alias=Shop.test%2Cwww&Context=%2Fcart'
const disable = 'DISABLE-APP JVMRoute=a&Alias=Shop.test%2Cwww&Context=%2Fpay'
const us = 'Node: [3],Name: a,Balancer: b,LBGroup: ,Host: h,Port: 80,Type: http,Load: 1'
const other = 'Node: [4],Name: z,Balancer: b,LBGroup: ,Host: h,Port: 81,Type: http,Load: 1'

test('a proxy without registrations, or with an unreadable INFO, receives everything', () => {
  assert.deepEqual(batch(info()), [config, enable, disable])
  assert.deepEqual(batch(undefined), [config, enable, disable])
})

test('contexts of another node are ignored', () => {
  const known = info(
    other,
    'Vhost: [4:1:0], Alias: www',
    'Context: [4:1:0], Context: /cart, Status: ENABLED',
  )
  assert.deepEqual(batch(known), [config, enable, disable])
})

test('a virtual host for every alias, in another case, needs no change', () => {
  const known = info(
    us,
    'Vhost: [3:1:0], Alias: shop.test',
    'Vhost: [3:2:1], Alias: www',
    'Context: [3:1:0], Context: /cart, Status: ENABLED',
    'Context: [3:2:1], Context: /cart, Status: ENABLED',
    'Context: [3:1:2], Context: /pay, Status: DISABLED',
    'Context: [3:2:3], Context: /pay, Status: DISABLED',
  )
  assert.deepEqual(batch(known), [config])
})

test('one virtual host with all aliases needs only the messages for its differences', () => {
  const known = info(
    us,
    'Vhost: [3:1:0], Alias: shop.test',
    'Vhost: [3:1:1], Alias: www',
    'Context: [3:1:0], Context: /cart, Status: STOPPED',
    'Context: [3:1:1], Context: /pay, Status: DISABLED',
    'Context: [3:1:2], Context: /old, Status: ENABLED',
  )
  assert.deepEqual(batch(known), [
    config,
    'REMOVE-APP JVMRoute=a&Alias=shop.test&Context=%2Fold',
    'REMOVE-APP JVMRoute=a&Alias=www&Context=%2Fold',
    enable,
  ])
})
