import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { effectiveValues } from '../../../src/config/effective.ts'

const text = `# the proxy
workers: 2
timeouts:
  head: 3s
trust: 10.0.0.0/8
control:
  listen: 127.0.0.1:7000
  secret: not-for-anybody
health:
  path: /health
`

function effective(): ReturnType<typeof effectiveValues> {
  const result = readConfig({
    file: { name: 'topspin.yaml', text },
    environment: { TOPSPIN_TIMEOUTS_IDLE: '7s', TOPSPIN_WORKERS: '3' },
    flags: [{ flag: '--listen', path: 'listen', value: ['127.0.0.1:8001'] }],
  })
  assert.ok(result.ok)
  return effectiveValues(result.config, result.origins)
}

const shown = (key: string) => effective().find((value) => value.key === key)

test('each value names its origin: default, file with its line, environment or flag', () => {
  const origins = [
    'timeouts.body',
    'timeouts.head',
    'workers',
    'timeouts.idle',
    'listen',
    'trust.from',
  ]
  assert.deepEqual(
    origins.map((key) => [key, shown(key)?.source, shown(key)?.place]),
    [
      ['timeouts.body', 'default', null],
      ['timeouts.head', 'file', 'topspin.yaml:4:9'],
      ['workers', 'environment', 'TOPSPIN_WORKERS'],
      ['timeouts.idle', 'environment', 'TOPSPIN_TIMEOUTS_IDLE'],
      ['listen', 'flag', '--listen'],
      ['trust.from', 'file', 'topspin.yaml:5:8'],
    ],
  )
  assert.equal(shown('workers')?.value, 3)
  assert.equal(shown('timeouts.head')?.value, 3_000)
  assert.equal(shown('health.checks')?.source, 'file')
})

test('secrets are not shown, but whether they are set is', () => {
  assert.deepEqual(
    ['control.secret', 'ajp.secret', 'advertise.key', 'sticky.insert.secret'].map(
      (key) => shown(key)?.value,
    ),
    ['(secret)', '', null, []],
  )
  assert.ok(!JSON.stringify(effective()).includes('not-for-anybody'))
})
