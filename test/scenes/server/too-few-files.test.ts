// A limit of open files with which no proxy can start: one clear line says so.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { tooFewFiles } from '../../../src/cli/too-few-files.ts'

const skip =
  process.platform === 'linux' ? false : 'limits of a process are set by a shell of Linux'
const root = join(import.meta.dirname, '..', '..', '..', '..')

for (const program of ['bin/topspin.js', 'dist/src/main.js'])
  test(`${program} serve with 100 open files says what is needed`, { skip }, () => {
    const command = `ulimit -n 100; exec "${process.execPath}" ${program} serve --listen 0 --control 0 --workers 0`
    const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(
      stderr,
      'topspin: the limit of open files is too low to start: raise it to 1024 or more (ulimit -n, LimitNOFILE of systemd)\n',
    )
  })

test('other errors are none of these', () => {
  assert.equal(tooFewFiles(new Error('EMFILE')), undefined)
  assert.equal(tooFewFiles(Object.assign(new Error(''), { code: 'ENOENT' })), undefined)
  const both = Object.assign(new Error(''), { code: 'ENFILE' })
  assert.match(tooFewFiles(both) ?? '', /fs\.file-max/)
})
