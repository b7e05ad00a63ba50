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

test('the pressure is high once a crowd has come within one tick', () => {
  const pressure = new AcceptPressure()
  accept(pressure, crowd - 1)
  assert.equal(pressure.isHigh, false)
  pressure.accepted()
  assert.equal(pressure.isHigh, true)
})

test('newcomers that are spread over ticks are no crowd', () => {
  const pressure = new AcceptPressure()
  for (let i = 0; i < 5 * crowd; i++) {
    pressure.accepted()
    if (i % 2 === 1) pressure.tick()
  }
  assert.equal(pressure.isHigh, false)
})

test('it stays high as long as several come in a turn', () => {
  const pressure = high()
  for (let i = 0; i < 20; i++) {
    turns(pressure, 3)
    pressure.tick()
  }
  assert.equal(pressure.isHigh, true)
})

test('it falls when they come one by one, and another crowd is not believed for a while', () => {
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

test('it is not judged by a few turns', () => {
  const pressure = high()
  pressure.turned()
  pressure.tick()
  assert.equal(pressure.isHigh, true)
})

test('it falls when nobody comes any more, and the next crowd counts at once', () => {
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
