import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoSettings } from '../../../src/agent/auto-settings.ts'
import { sidecarVariables } from '../../../src/agent/option-table.ts'
import { EnvironmentReader, unknownVariables } from '../../../src/base/environment.ts'
import { variableNames } from '../../../src/base/variable-names.ts'
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
    TOPSPIN_LISTN: '',
    PROXEIS: '',
  }
  assert.deepEqual(unknownVariables(environment, known), [
    'TOPSPIN_PROXEIS is not known; did you mean TOPSPIN_PROXIES?',
    'TOPSPIN_PROXY is not known; did you mean TOPSPIN_PROXIES?',
    'TOPSPIN_REPORTINTERVAL is not known; did you mean TOPSPIN_REPORT_INTERVAL?',
    'TOPSPIN_LISTN is not known; did you mean TOPSPIN_LISTEN?',
  ])
})

test('the proxy has all its variables: an unknown one of a section is reported', () => {
  const known = new Set(['TOPSPIN_LISTEN', 'TOPSPIN_TIMEOUTS_CONNECT'])
  const environment = { TOPSPIN_TIMEOUTS_BREAKFAST: '1s', TOPSPIN_ROUTE: 'a', TOPSPIN_RUTE: 'a' }
  assert.deepEqual(unknownVariables(environment, known, true), [
    'TOPSPIN_TIMEOUTS_BREAKFAST is not a variable of Topspin; docs/configuration.md, docs/agent.md and docs/peers.md list them',
    'TOPSPIN_RUTE is not known; did you mean TOPSPIN_ROUTE?',
  ])
})

test('a variable of no part is reported, and one that looks like a section of the proxy is not', () => {
  const environment = { TOPSPIN_COLOUR: 'red', TOPSPIN_TIMEOUTS_HEAD: '1s' }
  assert.deepEqual(unknownVariables(environment, new Set(['TOPSPIN_ROUTE'])), [
    'TOPSPIN_COLOUR is not a variable of Topspin; docs/configuration.md, docs/agent.md and docs/peers.md list them',
  ])
})

test('variables that Kubernetes sets for a service named topspin are left alone', () => {
  const environment = {
    TOPSPIN_SERVICE_HOST: '10.0.0.1',
    TOPSPIN_SERVICE_PORT: '80',
    TOPSPIN_SERVICE_PORT_HTTP: '80',
    TOPSPIN_PORT: 'tcp://10.0.0.1:80',
    TOPSPIN_PORT_80_TCP: 'tcp://10.0.0.1:80',
    TOPSPIN_PORT_80_TCP_ADDR: '10.0.0.1',
    TOPSPIN_CONTROL_PORT: 'tcp://10.0.0.2:6666',
    TOPSPIN_CONTROL_SERVICE_HOST: '10.0.0.2',
  }
  assert.deepEqual(unknownVariables(environment, new Set(['TOPSPIN_HOST'])), [])
  assert.equal(new EnvironmentReader(environment).text('PORT'), undefined)
})

test('the variable of the tests is known to all parts', () => {
  const environment = { TOPSPIN_CHECK_STATES: '1' }
  assert.deepEqual(unknownVariables(environment, new Set(serveNames), true), [])
  assert.deepEqual(unknownVariables(environment, new Set(['TOPSPIN_ROUTE'])), [])
})

test('a variable of another part of Topspin is never reported as misspelt', () => {
  const all = Object.fromEntries(
    [...serveNames, ...agentNames, ...peerNames].map((name) => [name, ' ']),
  )
  assert.deepEqual(unknownVariables(all, new Set(serveNames), true), [])
  assert.deepEqual(autoSettings(all), { kind: 'off', hints: [] })
  assert.deepEqual(peerAutoSettings(all), { kind: 'bad', problems: ['TOPSPIN_GROUP is not set'] })
})

test('the lists of names are those of the tables', () => {
  const names = (variables: readonly string[]): string[] =>
    [...new Set(variables.map((variable) => variable.replace('TOPSPIN_', '')))].sort()
  const { agent, peer, sections } = variableNames
  const others = ['MODE', 'SECRET', 'SECRET_FILE']
  const agents = new Set([...others, ...sidecarVariables, ...names(agentNames)])
  assert.deepEqual([...agent].sort(), [...agents].sort())
  const peers = names(peerNames).filter((name) => !agent.includes(name))
  assert.deepEqual([...peer].sort(), peers)
  // A new key of the configuration whose first word is missing here is added to the list in src/base/variable-names.ts.
  for (const name of names(serveNames))
    assert.ok(
      sections.some((word) => name === word || name.startsWith(`${word}_`)),
      name,
    )
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
