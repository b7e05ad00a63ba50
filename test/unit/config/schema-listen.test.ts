import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import type { Config } from '../../../src/config/schema.ts'

const read = (text: string, environment: Record<string, string> = {}) =>
  readConfig({ file: { name: 'x.yaml', text }, environment, flags: [] })

function configOf(text: string, environment?: Record<string, string>): Config {
  const result = read(text, environment)
  assert.ok(result.ok, result.ok ? '' : result.problems.map(formatProblem).join('\n'))
  return result.config
}

function problemOf(text: string): string {
  const result = read(text)
  assert.ok(!result.ok, text)
  return result.problems.map(formatProblem).join('\n')
}

test('an address to listen on is a unix socket, with the options of its file in a map', () => {
  const { listen } = configOf(
    'listen: [unix:/run/a.sock, { at: "https://unix:/run/b.sock", mode: 660, owner: www, group: 33 }]',
  )
  assert.deepEqual(listen, [
    { host: 'unix:/run/a.sock', port: 0 },
    { host: 'unix:/run/b.sock', port: 0, tls: true, mode: 0o660, owner: 'www', group: '33' },
  ])
})

test('one map stands for a list of one', () => {
  assert.deepEqual(configOf('listen: { at: 8000 }').listen, [{ host: '127.0.0.1', port: 8_000 }])
})

test('the environment has addresses with commas, or maps as JSON', () => {
  const of = (text: string) => configOf('', { TOPSPIN_LISTEN: text }).listen
  assert.deepEqual(of('unix:/run/a.sock,[::1]:80'), [
    { host: 'unix:/run/a.sock', port: 0 },
    { host: '::1', port: 80 },
  ])
  assert.deepEqual(of('[::1]:80,8000'), [
    { host: '::1', port: 80 },
    { host: '127.0.0.1', port: 8_000 },
  ])
  const map = [{ host: 'unix:/a', port: 0, mode: 0o600 }]
  assert.deepEqual(of('[{ "at": "unix:/a", "mode": "600" }]'), map)
  assert.deepEqual(of('{ "at": "unix:/a", "mode": "0600" }'), map)
})

test('an address may have HTTP/2 on or off by itself, but not that of nodes', () => {
  const { listen } = configOf('listen: { at: 8000, http2: false }')
  assert.deepEqual(listen, [{ host: '127.0.0.1', port: 8_000, http2: false }])
  assert.match(
    problemOf('control: { listen: { at: 6666, http2: true } }'),
    /control\.listen\.http2.*is for the addresses of listen alone/,
  )
  assert.match(
    problemOf('control: { traffic: true }\nlisten: { at: 8000, http2: true }'),
    /listen.*http2.*needs control\.traffic: false/,
  )
})

test('sockets that systemd passes are named', () => {
  assert.deepEqual(configOf('listen: [fd:web.socket, https://fd:3]').listen, [
    { host: 'fd:web.socket', port: 0 },
    { host: 'fd:3', port: 0, tls: true },
  ])
})

test('the control listener and the console may be unix sockets', () => {
  const { control } = configOf(
    'control: { listen: { at: unix:/run/c.sock, group: adm }, console: unix:/run/m.sock }',
  )
  assert.deepEqual(control.listen, { host: 'unix:/run/c.sock', port: 0, group: 'adm' })
  assert.deepEqual(control.console, { host: 'unix:/run/m.sock', port: 0 })
})

test('what is wrong with an address is said at its place', () => {
  const cases: [string, RegExp][] = [
    ['listen: unix:run/a.sock', /listen\[0\]: .*not a unix socket; write unix:\/PATH, absolute/],
    ['listen: [{ at: x y }]', /listen\[0\]\.at: "x y" is not an address/],
    ['listen: [{ mode: 660 }]', /listen\[0\]\.at: nothing is not an address/],
    ['listen: [{ at: 8000, mode: 660 }]', /listen\[0\]\.mode: needs at: unix:/],
    ['listen: [{ at: unix:/a, mod: 660 }]', /listen\[0\]\.mod: unknown key; did you mean mode\?/],
    ['listen: [{ at: unix:/a, mode: 860 }]', /listen\[0\]\.mode: 860 is not the permissions/],
    // 432, as YAML reads it.
    ['listen: [{ at: unix:/a, mode: 0o660 }]', /listen\[0\]\.mode: 432 is not the permissions/],
    [
      'listen: [{ at: unix:/a, owner: "a:b" }]',
      /listen\[0\]\.owner: "a:b" is not the name of a user/,
    ],
    ['listen: [[8000]]', /listen\[0\]: a list is not an address/],
    ['listen: true', /listen: true is not a list/],
    ['control: { listen: { at: unix:/a, mod: 6 } }', /control\.listen\.mod: .* did you mean mode/],
    ['control: { listen: https://unix:/a }', /control\.listen: write the address without https/],
    [
      'control: { listen: unix:/a }\nadvertise: { group: on }',
      /advertise\.address: is missing: nodes elsewhere cannot reach the unix socket/,
    ],
  ]
  for (const [text, problem] of cases) assert.match(problemOf(text), problem)
})
