import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readTlsFiles } from '../../../src/agent/tls-files.ts'

test('certificate files are read, and every unreadable file is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-tls-files-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const files = { ca: join(folder, 'ca'), cert: join(folder, 'x'), key: join(folder, 'y') }
  writeFileSync(files.ca, 'CA')
  assert.deepEqual(readTlsFiles({ ca: files.ca }), { ca: 'CA', cert: undefined, key: undefined })
  assert.throws(
    () => readTlsFiles(files),
    (error: Error & { code?: string }) =>
      error.code === 'BAD_OPTION' &&
      error.message.includes(files.cert) &&
      error.message.includes(files.key),
  )
})
