import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { killIfStuck } from '../../../src/server/stuck-thread.ts'
import { built, startChild } from '../../support/child.ts'

test('a process ends although a thread of it waits for a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const child = startChild(t, [built('test/fixtures/stuck-writer.js'), pipe])
  assert.equal(await child.ended, 'SIGKILL', child.output())
})

test('a process without such a thread goes on', async () => {
  await killIfStuck()
})
