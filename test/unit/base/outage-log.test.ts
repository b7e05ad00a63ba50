import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '../../../src/base/log.ts'
import { OutageLog } from '../../../src/base/outage-log.ts'

function make(): { outages: OutageLog; lines: string[] } {
  const lines: string[] = []
  const write = (_: object, message: string): void => void lines.push(message)
  const log: Logger = { debug: write, info: write, warn: write, error: write }
  return { outages: new OutageLog(log), lines }
}

test('a lasting failure is logged once, and again when its cause changes', () => {
  const { outages, lines } = make()
  outages.report('a', 'ENOENT', {}, 'a fails')
  outages.report('a', 'ENOENT', {}, 'a fails')
  outages.report('a', 'EACCES', {}, 'a fails otherwise')
  outages.report('b', 'EACCES', {}, 'b fails')
  assert.deepEqual(lines, ['a fails', 'a fails otherwise', 'b fails'])
})

test('the end of a failure is logged once, and only if there was one', () => {
  const { outages, lines } = make()
  outages.resolve('a', {}, 'a works')
  outages.report('a', 'ENOENT', {}, 'a fails')
  outages.resolve('a', {}, 'a works again')
  outages.resolve('a', {}, 'a works again')
  outages.report('a', 'ENOENT', {}, 'a fails again')
  assert.deepEqual(lines, ['a fails', 'a works again', 'a fails again'])
})
