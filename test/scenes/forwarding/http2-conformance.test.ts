// The conformance harness for the way from HTTP/2 to HTTP/1, where it lies beside the repository: what must not reach a node,
// and what a client must not take for complete.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { freePorts } from '../../support/free-ports.ts'

const harness = fileURLToPath(
  new URL('../../../../../shared/conformance/http2/harness.mjs', import.meta.url),
)
const absent = existsSync(harness) ? false : `no ${harness}`

for (const secure of [false, true]) {
  const skip = absent || (secure && noOpenssl)
  test(`conformance ${secure ? 'over TLS' : 'in the clear'}: nothing unsafe, nothing wrong`, {
    skip,
  }, async (t) => {
    const [backend = 0] = await freePorts(1)
    const given = { via: 'conformance', ...(secure ? { tls: selfSigned() } : {}) }
    const { port } = await startProxy(t, [{ port: backend }], given)
    const args = ['--proxy', `127.0.0.1:${port}`, '--backend', `127.0.0.1:${backend}`]
    const child: ChildProcess = spawn(process.execPath, [
      harness,
      ...args,
      '--name',
      'topspin',
      ...(secure ? ['--tls'] : []),
    ])
    t.after(() => child.kill('SIGKILL'))
    let text = ''
    child.stdout?.on('data', (part) => {
      text += part
    })
    await once(child, 'close')
    const [line, cases, , , wrong, unsafe] =
      /topspin, (\d+) cases\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/.exec(text) ?? []
    assert.ok(Number(cases) > 0, `no cases were run: ${text}`)
    assert.deepEqual([wrong, unsafe], ['0', '0'], `${line}\n${text}`)
  })
}
