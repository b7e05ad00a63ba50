// The version of the package, also in a bundle.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { packageVersion, versionIn } from '../../../src/base/package-version.ts'

test('code that a bundler has moved runs without the package.json of topspin', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'topspin-version-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = pathToFileURL(join(folder, 'package.json'))
  assert.equal(versionIn(file), 'bundled')
  writeFileSync(file, '{ "name": "shop", "version": "9.9.9" }')
  assert.equal(versionIn(file), 'bundled')
  writeFileSync(file, '{ "name": "topspin", "version": "1.2.3" }')
  assert.equal(versionIn(file), '1.2.3')
  assert.match(packageVersion(), /^\d+\.\d+\.\d+/)
})
