// The listener of a program for the requests that end, in `createHandler` and `createTopspin`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHandler } from '../../../src/handler.ts'
import { type AccessEntry, createTopspin } from '../../../src/index.ts'
import { frontOf, handlerOf, node } from '../../support/embedded.ts'
import { freePorts } from '../../support/free-ports.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { until } from '../../support/until.ts'

test('it is called once at the end of each request, with the node or the reason', async (t) => {
  const ended: AccessEntry[] = []
  const to = [{ address: await node(t, 'a'), route: 'n1', contexts: '/a' }]
  const [closed = 0] = await freePorts(1)
  const gone = { address: `127.0.0.1:${closed}`, route: 'n2', contexts: '/b' }
  const onRequest = (entry: AccessEntry): void => void ended.push(entry)
  const front = await frontOf(t, handlerOf(t, { to: [...to, gone], onRequest }))
  await (await fetch(`http://${front}/a?x=1`, { method: 'POST', body: 'four' })).text()
  assert.equal((await fetch(`http://${front}/b`)).status, 503)
  assert.equal((await fetch(`http://${front}/c`)).status, 404)
  await until('all three have ended', () => ended.length === 3)
  const [first, second, third] = ended
  assert.deepEqual(
    [first?.method, first?.target, first?.status, first?.route, first?.code],
    ['POST', '/a?x=1', 200, 'n1', ''],
  )
  assert.equal(first?.bytesIn, 4)
  assert.ok((first?.attempts ?? 0) >= 1 && (first?.durationMs ?? -1) >= 0)
  assert.deepEqual([second?.status, third?.code, third?.route], [503, 'NO_CONTEXT', ''])
  assert.notEqual(second?.code, '')
})

test('one that throws is logged, and a reload keeps it', async (t) => {
  const log = memoryLog()
  let calls = 0
  const onRequest = (): void => {
    calls++
    throw new Error('oops')
  }
  const to = [await node(t, 'a')]
  const control = { listen: '127.0.0.1:0' }
  const topspin = createTopspin({ listen: '127.0.0.1:0', control, to, onRequest, log })
  t.after(() => topspin.close())
  await topspin.start()
  const [url = ''] = topspin.addresses.traffic
  const statusOf = async (): Promise<number> => (await fetch(url)).status
  assert.equal(await statusOf(), 200)
  await until('it was called', () => calls === 1)
  assert.ok(log.messages.includes('request listener failed'))
  await topspin.reload({ listen: '127.0.0.1:0', control, to, timeouts: { connect: '1s' } })
  assert.equal(await statusOf(), 200)
  await until('it was called', () => calls === 2)
  const options = { onRequest: 'no' as never }
  assert.throws(() => createHandler(options), /onRequest: is a function/)
})
