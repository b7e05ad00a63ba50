import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcceptFrom } from '../../../../src/peer/membership/accept-from.ts'

const make = (acceptFrom: string[] | undefined, hasKey: boolean): AcceptFrom =>
  new AcceptFrom({ acceptFrom, hasKey, interface: '127.0.0.1' })

test('with a key any source is accepted, unless networks are given', () => {
  const any = make(undefined, true)
  assert.deepEqual(
    [any.networks, any.source('8.8.8.8'), any.target('8.8.8.8')],
    [undefined, true, true],
  )
  const some = make(['10.0.0.0/8'], true)
  assert.deepEqual([some.source('10.1.1.1'), some.source('11.1.1.1')], [true, false])
  assert.equal(some.target('web.example'), true)
})

test('without a key it is this machine and the networks of the interface', () => {
  const own = make(undefined, false)
  assert.deepEqual(own.networks?.includes('127.0.0.0/8'), true)
  for (const near of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    assert.equal(own.source(near), true, near)
  }
  for (const far of ['8.8.8.8', '2001:db8::1', '192.0.2.77']) {
    assert.equal(own.source(far), false, far)
  }
})

test('without a key no announced address may lie outside these networks or be a name', () => {
  const some = make(['10.0.0.0/8'], false)
  assert.equal(some.target('10.1.1.1'), true)
  assert.equal(some.target('169.254.169.254'), false)
  assert.equal(some.target('web.example'), false)
})
