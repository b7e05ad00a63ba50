import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { AgentCheck } from '../../../src/agent/agent-check.ts'
import { agentCheckText } from '../../../src/agent/agent-check-text.ts'
import { agentLimits } from '../../../src/base/limits.ts'
import { freePorts } from '../../support/free-ports.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { until } from '../../support/until.ts'

for (const [load, states, text] of [
  [73, ['ENABLED'], '73% up ready'],
  [72.6, ['ENABLED'], '73% up ready'],
  [100, ['STOPPED', 'ENABLED'], '100% up ready'],
  [0, ['ENABLED'], '1% up ready'],
  [-1, ['ENABLED'], 'down'],
  [-1, ['STOPPED'], 'down'],
  [50, ['DISABLED'], 'drain'],
  [50, ['STOPPED', 'DISABLED'], 'drain'],
  [50, ['STOPPED', 'STOPPED'], 'maint'],
  [50, [], 'maint'],
] as const)
  test(`load factor ${load} and contexts ${states.join(', ') || 'none'} are "${text}" for HAProxy`, () => {
    assert.equal(agentCheckText(load, states), `${text}\n`)
  })

async function open(t: TestContext, port: number): Promise<{ check: AgentCheck; log: MemoryLog }> {
  const log = memoryLog()
  const check = new AgentCheck({ port, host: '127.0.0.1', text: () => '7% up ready\n', log })
  t.after(() => check.close())
  await check.open()
  return { check, log }
}

async function ask(port: number, sent: string = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let text = ''
  socket.on('data', (part) => {
    text += part
  })
  socket.write(sent)
  await once(socket, 'close')
  return text
}

test('each connection gets one line and ends, whatever it sends', async (t) => {
  const [port = 0] = await freePorts(1)
  await open(t, port)
  assert.equal(await ask(port), '7% up ready\n')
  assert.equal(await ask(port, 'GET / HTTP/1.1\r\n\r\n'), '7% up ready\n')
})

test('a client that stays is cut, and more clients than the limit are turned away', async (t) => {
  const [port = 0] = await freePorts(1)
  await open(t, port)
  let closed = 0
  const sockets = Array.from({ length: agentLimits.checkConnectionsMax + 20 }, () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    return socket
      .on('error', () => {})
      .on('close', () => closed++)
      .resume()
  })
  // A write to a connection that is gone ends it here, too.
  const writes = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('x')
  }, 20)
  t.after(() => clearInterval(writes))
  await until('those above the limit are closed', () => closed >= 20, 5_000)
  await until('the others get no longer than the deadline', () => closed === sockets.length, 5_000)
  assert.equal(await ask(port), '7% up ready\n')
})

test('a port that another program has is tried until it is free', async (t) => {
  const [port = 0] = await freePorts(1)
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const { log } = await open(t, port)
  assert.equal(log.messages[0], 'port of the agent check is not open')
  other.close()
  const answer = (): Promise<string> => ask(port).catch(() => '')
  await until('it is open', async () => (await answer()) === '7% up ready\n', 5_000)
})
