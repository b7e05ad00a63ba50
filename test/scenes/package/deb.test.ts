// The Debian package as scripts/deb.js builds it: what it has, installed and removed below a folder of its own.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { buildConsole } from '../../support/built-console.ts'
import { repository } from '../../support/packed-package.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0
const skip = existsSync('/usr/bin/dpkg-deb') && isRoot ? false : 'needs dpkg, as root'

test('the package for Debian is installed, runs, keeps a changed configuration, and is purged', {
  skip,
}, async (t) => {
  await buildConsole()
  const folder = await mkdtemp(join(tmpdir(), 'topspin-deb-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const built = await run(process.execPath, [join(repository, 'scripts', 'deb.js'), folder])
  const file = built.stdout.trim()
  const { stdout: depends } = await run('dpkg-deb', ['--field', file, 'Depends'])
  assert.equal(depends, 'nodejs (>= 20.19)\n')

  const root = join(folder, 'root')
  const admin = join(root, 'var', 'lib', 'dpkg')
  await mkdir(join(admin, 'updates'), { recursive: true })
  await mkdir(join(admin, 'info'))
  await writeFile(join(admin, 'status'), '')
  const dpkg = (...args: readonly string[]): Promise<unknown> =>
    run('dpkg', [
      `--root=${root}`,
      '--force-depends',
      '--force-script-chrootless',
      '--log=/dev/null',
      ...args,
    ])
  await dpkg('--install', file)
  for (const name of [
    'usr/lib/systemd/system/topspin.service',
    'usr/lib/systemd/system/topspin.socket',
    'usr/lib/sysusers.d/topspin.conf',
    'usr/lib/tmpfiles.d/topspin.conf',
    'usr/share/doc/topspin/copyright',
  ])
    assert.ok(existsSync(join(root, name)), name)
  const configuration = join(root, 'etc', 'topspin', 'topspin.yaml')
  const checked = await run(join(root, 'usr', 'bin', 'topspin'), ['check', configuration])
  assert.equal(checked.stdout, `${configuration}: ok\n`)

  await writeFile(configuration, 'listen: 0.0.0.0:80\n')
  await dpkg('--remove', 'topspin')
  assert.ok(!existsSync(join(root, 'usr', 'bin', 'topspin')))
  assert.ok(existsSync(configuration))
  await dpkg('--purge', 'topspin')
  assert.ok(!existsSync(configuration))
})
