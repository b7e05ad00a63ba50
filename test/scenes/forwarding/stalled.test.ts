// A node that accepts connections and answers nothing, as a suspended process does.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

test('sessions of a node that stalls continue elsewhere, and return when it answers again', async (t) => {
  let isStalled = false
  const held: ServerResponse[] = []
  const stalls = await startNode(t, (_request, response) => {
    if (isStalled) held.push(response)
    else response.end('stalls')
  })
  const other = await startNode(t, (_request, response) => response.end('other'))
  const to = [stalls, other].map(({ port }) => `127.0.0.1:${port}`)
  const proxy = await startServe(['--workers', '0', '--to', to.join()], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const traffic = Number(new URL(proxy.traffic).port)
  const ask = async (): Promise<string> =>
    (await get(traffic, '/', { cookie: `JSESSIONID=s.127-0-0-1-${stalls.port}` })).text
  assert.equal(await ask(), 'stalls')
  isStalled = true
  const waiting = Array.from({ length: 4 }, ask)
  await until('four requests wait', () => held.length === 4)
  let answered = ''
  const more: Promise<string>[] = []
  await until('another request of the session is answered', async () => {
    const next = ask()
    more.push(next)
    void next.then((text) => {
      answered = text
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    return answered !== ''
  })
  assert.equal(answered, 'other')
  assert.ok(held.length < 60, `${held.length} requests wait`)
  isStalled = false
  for (const response of held) response.end('late')
  assert.deepEqual(new Set(await Promise.all([...waiting, ...more])), new Set(['late', 'other']))
  assert.equal(await ask(), 'stalls')
})
