// The HTTP/1 conformance harness, where it lies beside the repository: bytes that smuggle, split or
// hide something, from either side, and what came of them.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startProxy } from '../../support/cluster-fixture.ts'
import { freePorts } from '../../support/free-ports.ts'

const harness = fileURLToPath(
  new URL('../../../../../shared/conformance/http1/harness.py', import.meta.url),
)
const python = spawnSync('python3', ['--version']).status === 0
const skip = !existsSync(harness)
  ? `no ${harness}`
  : python
    ? false
    : 'no python3 to run the harness'

for (const [what, only] of [
  ['requests', '^(transfer-encoding|content-length|chunked|host|hop-by-hop|pipelining)'],
  ['responses', '^r-'],
] as const) {
  test(`conformance of ${what}: nothing unsafe, nothing wrong`, { skip }, async (t) => {
    const [backend = 0] = await freePorts(1)
    const { port } = await startProxy(t, [{ port: backend }], { via: 'conformance' })
    const args = [harness, '--proxy', `127.0.0.1:${port}`, '--backend', `127.0.0.1:${backend}`]
    const child: ChildProcess = spawn('python3', [...args, '--name', 'topspin', '--only', only])
    t.after(() => child.kill('SIGKILL'))
    let text = ''
    child.stdout?.on('data', (part) => {
      text += part
    })
    await once(child, 'close')
    const verdict = /topspin (?:request|response): (\d+) cases, .*wrong (\d+), UNSAFE (\d+)/g
    const found = [...text.matchAll(verdict)].filter(([, cases]) => Number(cases) > 0)
    assert.ok(found.length > 0, `no cases were run: ${text}`)
    for (const [line, , wrong, unsafe] of found) {
      assert.deepEqual([wrong, unsafe], ['0', '0'], `${line}\n${text}`)
    }
  })
}
