import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../src/cluster/live.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { type ControlOptions, controlSettings } from '../../../src/control/options.ts'
import { Sources } from '../../../src/control/sources.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function sources(options: Partial<ControlOptions>): { sources: Sources; told: object[] } {
  const told: object[] = []
  const nothing = (): void => {}
  const settings = controlSettings({
    listen: { host: '127.0.0.1', port: 0 },
    registry: new Registry({ runId: '1' }),
    live: new LiveTable(),
    traffic: { apply: nothing },
    clock: new ManualClock(),
    log: { debug: nothing, info: nothing, warn: (detail) => told.push(detail), error: nothing },
    ...options,
  })
  return { sources: new Sources(settings, new ControlCounts()), told }
}

test('everybody may connect where no list is given', () => {
  assert.equal(sources({}).sources.enter('192.0.2.1'), true)
})

test('only listed addresses may connect, in either dress', () => {
  const { sources: some } = sources({ access: { allow: ['10.0.0.0/8', '::1'] } })
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '::1']) assert.equal(some.enter(peer), true)
  for (const peer of ['11.0.0.1', '::ffff:11.0.0.1', '::2', ''])
    assert.equal(some.enter(peer), false)
})

test('an address has so many connections and no more, until one ends', () => {
  const { sources: some } = sources({ limits: { sourceConnectionsMax: 2 } })
  assert.deepEqual(
    [some.enter('a'), some.enter('a'), some.enter('a'), some.enter('b')],
    [true, true, false, true],
  )
  some.leave('a')
  assert.equal(some.enter('a'), true)
})

test('an address has so many messages in progress, even if their connections end meanwhile', () => {
  const { sources: some } = sources({ limits: { sourceMessagesMax: 2 } })
  some.enter('a')
  assert.deepEqual([some.begin('a'), some.begin('a'), some.begin('a')], [true, true, false])
  some.leave('a')
  some.enter('a')
  assert.equal(some.begin('a'), false)
  some.end('a')
  assert.equal(some.begin('a'), true)
})

test('a hundred thousand strangers are told of once', () => {
  const { sources: some, told } = sources({ access: { allow: ['10.0.0.0/8'] } })
  for (let i = 0; i < 100_000; i++) some.enter(`192.0.2.${i % 256}`)
  assert.deepEqual(told, [{ peer: '192.0.2.0' }])
})
