// The attacks on HTTP/2 that are known by name, as fast as a thread sends them: each connection of the attacker is ended or
// costs little, and an honest client is served meanwhile. bench/http2-attacks.ts measures how well.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { describe, test } from 'node:test'
import { runAttack } from '../../support/http2-attacker.ts'
import { attacks } from '../../support/http2-attacks.ts'
import { startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'

/** Statuses of requests one after the other on one connection, until `isOver`. */
async function askSteadily(port: number, isOver: () => boolean): Promise<(number | string)[]> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const statuses: (number | string)[] = []
  do {
    const stream = session.request({ ':path': '/' })
    const answered = once(stream, 'response')
    try {
      const [headers] = await answered
      statuses.push(headers[':status'])
      await once(stream.resume(), 'close')
    } catch (error) {
      statuses.push((error as Error).message)
      if (session.destroyed) break
    }
  } while (!isOver())
  session.destroy()
  return statuses
}

for (const workers of [0, 2]) {
  describe(`a flood over HTTP/2 with ${workers} workers`, () => {
    test('is sent away again and again, and honest clients are served', async (t) => {
      const node = await startNode(t)
      const args = ['--workers', String(workers), '--to', `127.0.0.1:${node.port}`]
      const serve = await startServe(args, {}, { deadlineMs: 240_000 })
      t.after(() => serve.child.kill('SIGKILL'))
      const port = Number(new URL(serve.traffic).port)
      await askSteadily(port, () => true)
      for (const { name, isBounded } of attacks) {
        let isOver = false
        const beside = askSteadily(port, () => isOver)
        const result = await runAttack({ name, port, rate: 100_000, ms: 600 })
        // Where the machine was too busy to send enough: until it was sent away once.
        const more =
          isBounded || result.connections > 1
            ? result
            : await runAttack({ name, port, rate: 100_000, ms: 20_000, untilAway: true })
        isOver = true
        const statuses = await beside
        assert.ok(isBounded || more.endedByPeer > 0, `${name} goes on: ${JSON.stringify(more)}`)
        assert.deepEqual(
          statuses.filter((status) => status !== 200),
          [],
          name,
        )
      }
      assert.equal(serve.child.exitCode, null)
      assert.doesNotMatch(serve.printed.stdout, /"level":(?:60|"fatal")|worker .* ended/)
    })
  })
}
