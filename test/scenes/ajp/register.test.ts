// A node registers as Java nodes do that send no Type, which means AJP: it is asked by CPING, gets its
// requests with the secret of the configuration, and is found dead and alive again.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { sendMessage } from '../../support/control-client.ts'
import { get } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

async function start(t: TestContext, workers: string) {
  const origin = await startAjpOrigin(t)
  const env = { TOPSPIN_AJP_SECRET: 'hush hush', TOPSPIN_AJP_PACKET_SIZE: '2048' }
  const serve = await startServe(['--workers', workers], env)
  t.after(() => serve.child.kill('SIGKILL'))
  const [traffic, control] = [serve.traffic, serve.control].map((url) => Number(new URL(url).port))
  const send = (method: string, body: string) => sendMessage(control!, method, `JVMRoute=a&${body}`)
  return { origin, serve, traffic: traffic!, send, control: control! }
}

for (const workers of ['0', '2']) {
  test(`an AJP node registers, serves and reports its load (${workers} workers)`, async (t) => {
    const { origin, serve, traffic, send, control } = await start(t, workers)
    await send('CONFIG', `Port=${origin.port}&Host=127.0.0.1&ping=5`)
    await send('ENABLE-APP', 'Context=/&Alias=localhost')
    assert.match((await send('STATUS', 'Load=50')).body, /State=OK/)
    assert.equal(origin.pings, 1)
    assert.match((await sendMessage(control, 'PING', 'JVMRoute=a')).body, /State=OK/)
    assert.equal(origin.pings, 2)
    assert.equal((await get(traffic, '/echo')).status, 200)
    assert.equal(origin.seen[0]?.attributes.get('secret'), 'hush hush')
    assert.equal((await get(traffic, '/echo', { 'X-Long': 'x'.repeat(2_000) })).status, 431)

    // Three pings without a valid pong in a row take it out.
    origin.pong = 'garbage'
    for (let ping = 0; ping < 3; ping++) {
      assert.match((await sendMessage(control, 'PING', 'JVMRoute=a')).body, /State=NOTOK/)
    }
    assert.match((await send('STATUS', 'Load=50')).body, /State=NOTOK/)
    assert.equal((await get(traffic, '/echo')).status, 503)
    origin.pong = 'now'
    await until('it is found alive again', async () => (await get(traffic, '/echo')).status === 200)

    const shown = await (await fetch(`${serve.control}api/status`)).text()
    const printed = serve.printed.stdout + serve.printed.stderr + shown
    assert.match(printed, /"type":"ajp"/)
    assert.doesNotMatch(printed, /hush/)
  })
}
