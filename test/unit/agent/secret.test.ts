import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { environmentSecret } from '../../../src/agent/secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin-secret-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function fileOf(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

test('without variables there is no secret', () => {
  assert.deepEqual(environmentSecret({}), { ok: true, secret: undefined })
  assert.deepEqual(environmentSecret({ TOPSPIN_SECRET: '', TOPSPIN_SECRET_FILE: '' }), {
    ok: true,
    secret: undefined,
  })
})

test('the file of the secret has precedence, and its last line break does not count', () => {
  const file = fileOf('good', 'open-sesame\r\n')
  const both = { TOPSPIN_SECRET: 'other-secret', TOPSPIN_SECRET_FILE: file }
  assert.deepEqual(environmentSecret(both), { ok: true, secret: 'open-sesame' })
})

test('a problem names the variable or file, but not the secret', () => {
  const file = fileOf('bad', 'short-7')
  for (const [environment, text] of [
    [{ TOPSPIN_SECRET: 'short-7' }, /^TOPSPIN_SECRET is not a valid secret; 8 to 256/],
    [{ TOPSPIN_SECRET_FILE: file }, /^TOPSPIN_SECRET_FILE: .*bad does not contain a valid secret/],
    [{ TOPSPIN_SECRET_FILE: join(folder, 'none') }, /^TOPSPIN_SECRET_FILE: ENOENT/],
  ] as const) {
    const result = environmentSecret(environment)
    assert.ok(!result.ok)
    assert.match(result.problem, text)
    assert.doesNotMatch(result.problem, /short-7/)
  }
})
