import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoSettings } from '../../../src/agent/auto-settings.ts'
import { EnvironmentReader, unknownVariables } from '../../../src/base/environment.ts'
import { configKeys } from '../../../src/config/keys.ts'
import { peerAutoSettings } from '../../../src/peer/auto-settings.ts'

test('values are read with their form, and empty ones count as not set', () => {
  const variables = new EnvironmentReader({
    TOPSPIN_A: ' text ',
    TOPSPIN_B: ' ',
    TOPSPIN_C: '1.5m',
    TOPSPIN_D: '7',
    TOPSPIN_E: 'x, y',
  })
  assert.equal(variables.text('A'), 'text')
  assert.equal(variables.text('B'), undefined)
  assert.equal(variables.duration('C'), 90_000)
  assert.equal(variables.number('D', 1, 9, 'a digit'), 7)
  assert.deepEqual(variables.list('E', 'letters'), ['x', 'y'])
  assert.deepEqual(variables.problems, [])
})

test('an invalid value is a problem that names valid ones', () => {
  const variables = new EnvironmentReader({ TOPSPIN_C: 'soon', TOPSPIN_D: '10', TOPSPIN_E: 'x,,y' })
  assert.equal(variables.duration('C'), undefined)
  assert.equal(variables.number('D', 1, 9, 'a digit'), undefined)
  assert.equal(variables.list('E', 'letters'), undefined)
  assert.deepEqual(variables.problems, [
    'TOPSPIN_C="soon" is not a duration; write for example 10s, 500ms or 1.5m',
    'TOPSPIN_D="10" is not a digit',
    'TOPSPIN_E="x,,y" is not a list of letters with commas between them',
  ])
})

test('a misspelt variable is reported with the one that was meant', () => {
  const known = new Set(['TOPSPIN_PROXIES', 'TOPSPIN_REPORT_INTERVAL'])
  const environment = {
    TOPSPIN_PROXEIS: '',
    TOPSPIN_PROXY: '',
    TOPSPIN_REPORTINTERVAL: '',
    TOPSPIN_WORKERS: '',
    PROXEIS: '',
  }
  assert.deepEqual(unknownVariables(environment, known), [
    'TOPSPIN_PROXEIS is not known; did you mean TOPSPIN_PROXIES?',
    'TOPSPIN_PROXY is not known; did you mean TOPSPIN_PROXIES?',
    'TOPSPIN_REPORTINTERVAL is not known; did you mean TOPSPIN_REPORT_INTERVAL?',
  ])
})

test('a variable of another part of Topspin is never reported as misspelt', () => {
  const all = Object.fromEntries(
    [...serveNames, ...agentNames, ...peerNames].map((name) => [name, ' ']),
  )
  assert.deepEqual(unknownVariables(all, new Set(serveNames)), [])
  assert.deepEqual(autoSettings(all), { kind: 'off', hints: [] })
  assert.deepEqual(peerAutoSettings(all), { kind: 'bad', problems: ['TOPSPIN_GROUP is not set'] })
})

const serveNames = configKeys().map(({ variable }) => variable)

const agentNames = namesReadBy((environment) => autoSettings(environment))
const peerNames = namesReadBy((environment) => peerAutoSettings(environment))

function namesReadBy(read: (environment: Record<string, string | undefined>) => unknown): string[] {
  const names = new Set<string>()
  const environment = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_, name) => {
        names.add(String(name))
        return undefined
      },
    },
  )
  read(environment)
  return [...names]
}
