import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNodeOrder, writeNodeOrder } from '../../../../src/wire/mcmp/node-order.ts'
import { parseMessage } from '../../../../src/wire/mcmp/parse.ts'

test('the count of a node is written and read', () => {
  assert.deepEqual(readNodeOrder(writeNodeOrder([1_764_340_000_123, 12])), [1_764_340_000_123, 12])
})

test('a field of another form is passed over', () => {
  for (const text of ['', '1', '1.', '.1', '-1.2', '1.2.3', 'a.b', '1e3.4', `${'1'.repeat(16)}.1`])
    assert.equal(readNodeOrder(text), undefined, text)
})

test('commands of nodes and CONFIG carry it, those of operators do not', () => {
  const request = {
    target: '/',
    body: Buffer.from('JVMRoute=a&Alias=localhost&Context=/shop'),
    accept: '',
    contentType: '',
    userAgent: '',
    order: '5.1',
  }
  const orderOf = (method: 'CONFIG' | 'ENABLE-APP', sender: string): unknown => {
    const parsed = parseMessage({ ...request, method, sender })
    return parsed.ok && 'order' in parsed.message ? parsed.message.order : undefined
  }
  assert.deepEqual(orderOf('CONFIG', ''), [5, 1])
  assert.deepEqual(orderOf('ENABLE-APP', 'node'), [5, 1])
  assert.equal(orderOf('ENABLE-APP', 'operator'), undefined)
})
