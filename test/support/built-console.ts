// The files of the web console in dist/, for scenes: `tsc` alone does not make them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export async function buildConsole(): Promise<void> {
  const page = `${root}dist/src/console/files/index.html`
  await underLock(`${root}dist/.console-lock`, 30_000, () => {
    if (existsSync(page)) return
    const { status, stderr } = spawnSync(process.execPath, [`${root}scripts/console.js`])
    assert.equal(status, 0, String(stderr))
  })
}
