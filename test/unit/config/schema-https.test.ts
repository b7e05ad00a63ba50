import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { formatProblem } from '../../../src/config/problem.ts'

const read = (text: string) =>
  readConfig({ file: { name: 'x.yaml', text }, environment: {}, flags: [] })

function valueFor(key: 'hsts' | 'httpsRedirect', text: string): unknown {
  const listen = 'listen: [127.0.0.1:80, https://127.0.0.1:443]\ntls: { cert: a, key: b }\n'
  const result = read(`${listen}${key}: ${text}`)
  assert.ok(result.ok, result.ok ? '' : result.problems.map(formatProblem).join('\n'))
  return result.config[key]
}

function problemOf(text: string): string {
  const result = read(text)
  assert.ok(!result.ok, text)
  return result.problems.map(formatProblem).join('\n')
}

test('httpsRedirect is a word, a status, or a map with the port', () => {
  for (const text of ['on', 'true', '308', '{}'])
    assert.deepEqual(valueFor('httpsRedirect', text), { status: 308 }, text)
  assert.deepEqual(valueFor('httpsRedirect', '301'), { status: 301 })
  assert.deepEqual(valueFor('httpsRedirect', '{ port: 8443 }'), { status: 308, port: 8_443 })
  assert.equal(valueFor('httpsRedirect', 'off'), null)
  assert.match(problemOf('httpsRedirect: 302'), /302 is neither 308 nor 301/)
  assert.match(problemOf('httpsRedirect: { to: 443 }'), /httpsRedirect.*to/)
})

test('a redirect needs an address with https://, or a port, and an address without', () => {
  assert.match(problemOf('httpsRedirect: on'), /leads nowhere: no address in `listen`/)
  assert.ok(read('httpsRedirect: { port: 443 }').ok)
  const own = 'listen: [{ at: "https://127.0.0.1:443", httpsRedirect: on }]'
  assert.match(problemOf(own), /listen\[0\]\.httpsRedirect.*is for an address without https:/)
  assert.match(problemOf('control: { listen: { at: 6666, httpsRedirect: on } }'), /alone/)
})

test('hsts is a word, an age, or a map', () => {
  const plain = { includeSubDomains: false, preload: false }
  assert.deepEqual(valueFor('hsts', 'on'), { maxAge: 31_536_000, ...plain })
  assert.deepEqual(valueFor('hsts', '30d'), { maxAge: 2_592_000, ...plain })
  assert.deepEqual(valueFor('hsts', '0'), { maxAge: 0, ...plain })
  assert.equal(valueFor('hsts', 'off'), null)
  assert.deepEqual(valueFor('hsts', '{ maxAge: 2y, includeSubDomains: true, preload: true }'), {
    maxAge: 63_072_000,
    includeSubDomains: true,
    preload: true,
  })
  assert.match(problemOf('hsts: soon'), /"soon" is not an age/)
  assert.match(problemOf('hsts: { preload: true }'), /needs `includeSubDomains: true`/)
})
