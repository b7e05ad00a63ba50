// Holding signals back, in processes of their own. The stories are in test/scenes/agent.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { built } from '../../support/child.ts'

const skip = process.platform === 'win32' ? 'Windows has no SIGTERM' : false

/** Standard output of a program that holds signals back after `before`, and runs `after` then. */
function run(before: string, after: string): string {
  const script = `
    const { holdSignals } = await import('${built('src/host/signals.js')}')
    process.on('SIGTERM', () => console.log('application'))
    setTimeout(() => process.exit(3), 5_000).unref()
    ${before}
    const leave = async (handled) => { console.log('leaves', handled); setTimeout(() => process.exit(), 20) }
    holdSignals({ leave, hurry() {} })
    ${after}
    setInterval(() => {}, 1_000)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return stdout
}

test('a signal that arrives in the turn in which it begins to be held back is not lost', {
  skip,
}, () => {
  const lines = run("process.kill(process.pid, 'SIGTERM')", '').trim().split('\n')
  assert.deepEqual(lines.toSorted(), ['application', 'leaves true'])
})

test('a later signal reaches the application when the process has left', { skip }, () => {
  const after = "setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)"
  assert.equal(run('', after), 'leaves true\napplication\n')
})
