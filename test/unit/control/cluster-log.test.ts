import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLimits } from '../../../src/base/limits.ts'
import type { Adjustment } from '../../../src/cluster/orders.ts'
import { MessageHandler } from '../../../src/control/message-handler.ts'
import { methodOf } from '../../../src/wire/mcmp/parse.ts'
import { controlFixture, framedRequest } from '../../support/control-fixture.ts'
import type { MemoryLog } from '../../support/memory-log.ts'

interface Bench {
  readonly log: MemoryLog
  /** As an operator. */
  adjust(adjustment: Omit<Adjustment, 'route'>): Promise<void>
  /** @param lines of the head. */
  send(
    method: string,
    body: string,
    lines?: readonly string[],
    remote?: string,
    target?: string,
  ): Promise<void>
  /** Messages with `by` and `contexts`, without the lines before. */
  lines(): readonly string[]
}

const node = '10.0.0.7'

function bench(): Bench {
  const { settings, log } = controlFixture()
  const handler = new MessageHandler(settings)
  return {
    log,
    async adjust(adjustment) {
      assert.ok((await handler.adjust({ route: 'a', ...adjustment }, '127.0.0.1')).ok)
    },
    async send(name, body, lines = [], remote = node, target = '/') {
      const method = methodOf(name)
      assert.ok(method !== undefined)
      const reply = await handler.handle(
        framedRequest(`${name} ${target} HTTP/1.1`, lines, body),
        method,
        remote,
      )
      assert.ok(reply.ok, reply.ok ? '' : reply.text)
    },
    lines() {
      const details = log.details.splice(0) as { by?: string; contexts?: string[] }[]
      return log.messages
        .splice(0)
        .map((message, at) =>
          [message, details[at]?.by, ...(details[at]?.contexts ?? [])].join(' ').trim(),
        )
    },
  }
}

const config = `JVMRoute=a&Host=${node}&Port=81&Type=http`
const shop = 'JVMRoute=a&Alias=localhost&Context=/shop,/api'
const operator = ['Topspin-Sender: operator']

test('a node that joins, serves, stops and leaves is a line for each, caused by the node', async () => {
  const { send, lines, log } = bench()
  await send('CONFIG', config)
  assert.deepEqual(log.details[0], {
    route: 'a',
    address: `http://${node}:81`,
    balancer: 'mycluster',
    by: 'node',
    from: node,
  })
  await send('ENABLE-APP', shop)
  await send('ENABLE-APP', shop)
  await send('DISABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/shop')
  await send('STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/shop')
  await send('REMOVE-APP', 'JVMRoute=a&Alias=localhost&Context=/api')
  await send('REMOVE-APP', 'JVMRoute=a', [], node, '/*')
  await send('CONFIG', config)
  assert.deepEqual(lines(), [
    'node joined node',
    'context enabled node /shop /api',
    'context disabled node /shop',
    'context stopped node /shop',
    'context removed node /api',
    'node left node',
    'node joined node',
  ])
})

test('orders of operators are told from messages of nodes', async () => {
  const { send, lines } = bench()
  await send('CONFIG', config)
  await send('ENABLE-APP', shop)
  await send('DISABLE-APP', shop, operator, '127.0.0.1')
  await send('ENABLE-APP', shop, operator, '127.0.0.1')
  assert.deepEqual(lines(), [
    'node joined node',
    'context enabled node /shop /api',
    'context disabled operator /shop /api',
    'context enabled operator /shop /api',
  ])
})

test('an ejection and its end are told as such, and what is still out after it', async () => {
  const { send, adjust, lines } = bench()
  await send('CONFIG', config)
  await send('ENABLE-APP', shop)
  lines()
  await adjust({ ejected: true })
  await adjust({ weight: 50 })
  await send('DISABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/api', operator, '127.0.0.1')
  await adjust({ ejected: false })
  assert.deepEqual(lines(), [
    'node ejected by order operator',
    'node readmitted operator',
    'context disabled operator /api',
  ])
  await adjust({ ejected: true })
  await send('ENABLE-APP', 'JVMRoute=a', operator, '127.0.0.1', '/*')
  assert.deepEqual(lines(), ['node ejected by order operator', 'node readmitted operator'])
})

test('what a node enables against an order is not told as if the node had stopped it', async () => {
  const { send, adjust, lines } = bench()
  await send('CONFIG', config)
  await adjust({ ejected: true })
  lines()
  await send('ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/shop')
  assert.deepEqual(lines(), ['context stays stopped by order node /shop'])
  await adjust({ ejected: false })
  await send('DISABLE-APP', 'JVMRoute=a', operator, '127.0.0.1', '/*')
  lines()
  await send('ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/api')
  await send('STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/api')
  assert.deepEqual(lines(), [
    'context stays disabled by order node /api',
    'context stopped node /api',
  ])
})

test('a node that reports -1 is a line, and one more when that ends', async () => {
  const { send, lines } = bench()
  await send('CONFIG', config)
  for (const load of [50, -1, -1, 50]) await send('STATUS', `JVMRoute=a&Load=${load}`)
  assert.deepEqual(lines().slice(1), [
    'node reports that it is broken node',
    'node is no longer broken node',
  ])
})

test('a node that changes again and again fills no log', async () => {
  const { send, log } = bench()
  await send('CONFIG', config)
  for (let n = 0; n < 100; n++) {
    await send('ENABLE-APP', shop)
    await send('STOP-APP', shop)
  }
  assert.equal(log.messages.length, logLimits.nodeLinesMax)
})
