// What `npm start`, `npm pack` and `npm publish` do first in a fresh clone, tried in a small project: a program that npm
// starts inherits npm's options and NODE_ENV.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { repository } from '../../support/packed-package.ts'

const run = promisify(execFile)

/** A compiler that only says that it ran. */
const compiler = `require('node:fs').mkdirSync('dist', { recursive: true })
require('node:fs').writeFileSync('dist/compiled', '')`
const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'fresh',
    version: '1.0.0',
    type: 'module',
    scripts: { prepack: 'node scripts/build.js' },
    devDependencies: { typescript: 'file:./compiler' },
  }),
  'compiler/package.json': JSON.stringify({ name: 'typescript', version: '1.0.0' }),
  'compiler/bin/tsc': compiler,
  'scripts/console.js': '',
  'src/empty.ts': '',
  'tsconfig.json': '{}',
}

for (const [what, args, environment] of [
  ['npm pack --dry-run', ['pack', '--dry-run'], {}],
  ['npm pack where NODE_ENV is production', ['pack'], { NODE_ENV: 'production' }],
] as const)
  test(`${what} installs and builds in a fresh clone`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'topspin-fresh-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    for (const name of ['prepare.js', 'build.js'])
      await cp(join(repository, 'scripts', name), join(folder, 'scripts', name))
    const offline = { npm_config_offline: 'true', npm_config_update_notifier: 'false' }
    const env = { ...process.env, ...offline, ...environment }
    await run('npm', ['install', '--package-lock-only'], { cwd: folder, env })
    await run('npm', [...args], { cwd: folder, env })
    assert.equal(await readFile(join(folder, 'dist', 'compiled'), 'utf8'), '')
  })
