// The PROXY protocol with HAProxy, whose authors define it: its headers are read, and it reads ours.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

const skip = spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'

const defaults = 'defaults\n timeout connect 2s\n timeout client 5s\n timeout server 5s\n'

async function startHaproxy(t: TestContext, port: number, sections: string): Promise<void> {
  const file = join(socketFolder(t), 'haproxy.cfg')
  writeFileSync(file, defaults + sections)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'inherit', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await until('haproxy listens', async () => {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    return isOpen
  })
}

const options = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c,unique-id']

for (const option of options) {
  test(`HAProxy passes connections on with ${option}, and checks the listener`, {
    skip,
  }, async (t) => {
    const origin = await startOrigin(t)
    const at = { proxyProtocol: ['127.0.0.1'] }
    const { port, proxy } = await startProxy(t, [{ port: origin.port }], { at })
    const [outer = 0] = await freePorts(1)
    const server = `server s 127.0.0.1:${port} ${option} check inter 100ms`
    await startHaproxy(t, outer, `listen l\n mode tcp\n bind 127.0.0.1:${outer}\n ${server}\n`)
    const client = await RawClient.connect(t, outer)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.seen[0]?.get('x-forwarded-for'), '127.0.0.1')
    assert.equal(proxy.counters.closedFor.get('proxy_header'), undefined, 'its checks are welcome')
  })
}

for (const version of ['v1', 'v2'] as const) {
  test(`HAProxy accepts the header of ${version}`, { skip }, async (t) => {
    const [accepting = 0] = await freePorts(1)
    const section = `frontend f\n mode http\n bind 127.0.0.1:${accepting} accept-proxy\n http-request return status 200 content-type text/plain lf-string "%ci %cp %fp"\n`
    await startHaproxy(t, accepting, section)
    const { port } = await startProxy(t, [{ port: accepting }], { sendProxy: [{ version }] })
    const client = await RawClient.connect(t, port)
    const { body } = await client.ask(get('/'))
    assert.equal(body.toString(), `127.0.0.1 ${client.socket.localPort} ${port}`)
  })
}
