import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { effectiveValues } from '../../../src/config/effective.ts'
import { controlTokens } from '../../../src/config/secret.ts'

const read = (text: string, environment: Record<string, string> = {}) =>
  readConfig({ file: { name: 'topspin.yaml', text }, environment, flags: [] })

test('tokens come from the configuration, from files and from the environment', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'from-a-file\n')
  const result = read(
    `control: { tokens: [{ name: a, token: in-the-text }, { name: b, role: operator, file: ${file} }] }`,
  )
  assert.ok(result.ok)
  assert.deepEqual(controlTokens(result.config.control), [
    { name: 'a', role: 'reader', token: 'in-the-text' },
    { name: 'b', role: 'operator', token: 'from-a-file' },
  ])
  const shown = effectiveValues(result.config, result.origins)
  assert.ok(!JSON.stringify(shown).includes('in-the-text'))
  const other = read('workers: 1', {
    TOPSPIN_CONTROL_TOKENS: '[{"name":"c","certificate":"alice"}]',
  })
  assert.ok(other.ok)
  assert.deepEqual(other.config.control.tokens, [
    { name: 'c', role: 'reader', certificate: 'alice' },
  ])
  rmSync(file)
  assert.throws(() => controlTokens(result.config.control), /token.*(read|ENOENT)/s)
})

test('an entry that is none is told with what would be right', () => {
  for (const [tokens, reason] of [
    ['[{ name: a }]', /one of token, file and certificate/],
    ['[{ name: a, token: in-the-text, file: x }]', /one of token, file and certificate/],
    ['[{ name: a, role: admin, token: in-the-text }]', /write reader or operator/],
    ['[{ name: a, token: short }]', /8 to 256 visible/],
    ['[{ name: a, token: in-the-text }, { name: a, file: x }]', /same name/],
    ['[{ name: "a b", token: in-the-text }]', /a name of letters/],
    ['[x]', /not a map/],
    ['x', /not a list of maps/],
  ] as const) {
    const result = read(`control: { tokens: ${tokens} }`)
    assert.ok(!result.ok, tokens)
    assert.match(result.problems[0]?.message ?? '', reason)
  }
})
