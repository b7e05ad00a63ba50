// h2spec, which knows the rules of RFC 9113 and RFC 7541 by its own reading, where it is installed:
// `go install github.com/summerwind/h2spec/cmd/h2spec@latest`. H2SPEC names its file when it is not on the PATH.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { startNode } from '../../support/node-server.ts'

const program = process.env['H2SPEC'] ?? 'h2spec'
const absent =
  spawnSync(program, ['--version']).status === 0 ? false : `${program} is not installed`

/**
 * In the clear, the first bytes decide between the versions: those of an invalid preface are a bad request of HTTP/1.1, which
 * is told why before the connection closes. h2spec takes the text for a frame.
 */
const answeredOverHttp1 = 'Sends invalid connection preface'

for (const secure of [false, true]) {
  test(`h2spec finds no fault ${secure ? 'over TLS' : 'in the clear'}`, {
    skip: absent || (secure && noOpenssl),
  }, async (t) => {
    const node = await startNode(t)
    const given = secure ? { tls: selfSigned() } : {}
    const { port } = await startProxy(t, [{ port: node.port }], given)
    const more = secure ? ['--tls', '--insecure'] : []
    const child = spawn(program, ['--host', '127.0.0.1', '--port', String(port), ...more])
    t.after(() => child.kill('SIGKILL'))
    let text = ''
    child.stdout.on('data', (part) => {
      text += part
    })
    await once(child, 'close')
    const [, all] = /(\d+) tests, \d+ passed/.exec(text) ?? []
    assert.ok(Number(all) >= 145, text)
    const failed = new Set([...text.matchAll(/× \d+: (.*)/g)].map(([, name]) => name))
    if (!secure) failed.delete(answeredOverHttp1)
    assert.deepEqual([...failed], [], text)
  })
}
