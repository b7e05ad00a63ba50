import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptLimits } from '../../../src/base/limits.ts'
import { AcceptPressure } from '../../../src/net/accept-pressure.ts'

const { crowd, turnsLeast, quietTicks, restTicks } = acceptLimits

function accept(pressure: AcceptPressure, count: number): void {
  for (let i = 0; i < count; i++) pressure.accepted()
}

/** As many turns as are judged by, with `each` connections in every one. */
function turns(pressure: AcceptPressure, each: number): void {
  for (let i = 0; i < turnsLeast; i++) {
    accept(pressure, each)
    pressure.turned()
  }
}

function high(): AcceptPressure {
  const pressure = new AcceptPressure()
  accept(pressure, crowd)
  return pressure
}

test('the pressure is high after many connections within one tick', () => {
  const pressure = new AcceptPressure()
  accept(pressure, crowd - 1)
  assert.equal(pressure.isHigh, false)
  pressure.accepted()
  assert.equal(pressure.isHigh, true)
})

test('connections spread over ticks do not raise the pressure', () => {
  const pressure = new AcceptPressure()
  for (let i = 0; i < 5 * crowd; i++) {
    pressure.accepted()
    if (i % 2 === 1) pressure.tick()
  }
  assert.equal(pressure.isHigh, false)
})

test('the pressure stays high while several connections arrive in a turn', () => {
  const pressure = high()
  for (let i = 0; i < 20; i++) {
    turns(pressure, 3)
    pressure.tick()
  }
  assert.equal(pressure.isHigh, true)
})

test('the pressure falls when connections arrive one by one, and cannot rise again for a while', () => {
  const pressure = high()
  turns(pressure, 3)
  pressure.tick()
  turns(pressure, 1)
  pressure.tick()
  assert.equal(pressure.isHigh, false)
  for (let i = 0; i < restTicks; i++) {
    accept(pressure, crowd)
    assert.equal(pressure.isHigh, false)
    pressure.tick()
  }
  accept(pressure, crowd)
  assert.equal(pressure.isHigh, true)
})

test('a few turns do not change the pressure', () => {
  const pressure = high()
  pressure.turned()
  pressure.tick()
  assert.equal(pressure.isHigh, true)
})

test('the pressure falls when no connection arrives, and can rise again at once', () => {
  const pressure = high()
  pressure.turned()
  pressure.tick()
  turns(pressure, 2)
  pressure.tick()
  for (let i = 0; i < quietTicks; i++) {
    assert.equal(pressure.isHigh, true)
    pressure.tick()
  }
  assert.equal(pressure.isHigh, false)
  accept(pressure, crowd)
  assert.equal(pressure.isHigh, true)
})
