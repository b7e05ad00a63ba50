import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission } from '../../../src/control/admission.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import type { ControlBenchOptions } from '../../support/control-bench.ts'
import { controlFixture } from '../../support/control-fixture.ts'

const admission = (options: ControlBenchOptions = {}): Admission =>
  new Admission(controlFixture(options).settings, new ControlCounts())

test('without a list every address may connect', () => {
  assert.equal(admission().admitConnection('192.0.2.1'), true)
})

test('only listed addresses may connect, also as IPv4 inside IPv6', () => {
  const listed = admission({ access: { allow: ['10.0.0.0/8', '::1'] } })
  for (const remote of ['10.1.2.3', '::ffff:10.1.2.3', '::1'])
    assert.equal(listed.admitConnection(remote), true, remote)
  for (const remote of ['11.0.0.1', '::ffff:11.0.0.1', '::2', ''])
    assert.equal(listed.admitConnection(remote), false, remote)
})

test('the connections of one address are limited until one is released', () => {
  const limited = admission({ limits: { sourceConnectionsMax: 2 } })
  assert.deepEqual(
    ['a', 'a', 'a', 'b'].map((remote) => limited.admitConnection(remote)),
    [true, true, false, true],
  )
  limited.releaseConnection('a')
  assert.equal(limited.admitConnection('a'), true)
})

test('the requests in progress from one address are limited, even after their connections end', () => {
  const limited = admission({ limits: { sourceMessagesMax: 2 } })
  limited.admitConnection('a')
  assert.deepEqual(
    ['a', 'a', 'a'].map((remote) => limited.admitRequest(remote)),
    [true, true, false],
  )
  limited.releaseConnection('a')
  limited.admitConnection('a')
  assert.equal(limited.admitRequest('a'), false)
  limited.releaseRequest('a')
  assert.equal(limited.admitRequest('a'), true)
})

test('a hundred thousand refused connections are counted and cause one warning', () => {
  const counts = new ControlCounts()
  const { settings, log } = controlFixture({ access: { allow: ['10.0.0.0/8'] } })
  const listed = new Admission(settings, counts)
  for (let i = 0; i < 100_000; i++) listed.admitConnection(`192.0.2.${i % 256}`)
  assert.deepEqual(log.details, [{ remote: '192.0.2.0' }])
  assert.equal(counts.refusals.get('address'), 100_000)
})
