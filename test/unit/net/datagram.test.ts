// Datagram sockets over the loopback interface.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { datagramLimits } from '../../../src/base/limits.ts'
import { type DatagramOptions, type Datagrams, openDatagrams } from '../../../src/net/datagram.ts'
import { freePorts } from '../../support/free-ports.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { until } from '../../support/until.ts'

interface Party {
  readonly datagrams: Datagrams
  readonly received: string[]
}

async function party(t: TestContext, options: DatagramOptions): Promise<Party> {
  const received: string[] = []
  const onDatagram = (bytes: Buffer): void => void received.push(bytes.toString())
  const datagrams = openDatagrams({ onDatagram, ...options })
  t.after(() => datagrams.close())
  await datagrams.ready
  return { datagrams, received }
}

async function sendUntilReceived(
  speaker: Party,
  listeners: readonly Party[],
  word: string,
): Promise<void> {
  await until(`${word} is received`, () => {
    speaker.datagrams.send(Buffer.from(word))
    return listeners.every(({ received }) => received.includes(word))
  })
}

test('hosts on any loopback address receive', async (t) => {
  for (const hosts of [
    ['127.9.1.1', '127.9.1.1'],
    ['127.0.0.1', '127.9.1.2'],
  ]) {
    const ports = await freePorts(2)
    const to = hosts.map((host, index) => ({ host, port: ports[index] ?? 0 }))
    const [first, second] = [await party(t, { to }), await party(t, { to })]
    await sendUntilReceived(first, [second], 'from the first')
    await sendUntilReceived(second, [first], 'from the second')
  }
})

for (const [what, host] of [
  ['a group', '239.255.77.1'],
  ['the broadcast address', '127.255.255.255'],
] as const) {
  test(`several sockets of a machine share ${what} and its port`, async (t) => {
    const [port = 0] = await freePorts(1)
    const options = { to: [{ host, port }], interface: '127.0.0.1' }
    const parties = [await party(t, options), await party(t, options), await party(t, options)]
    for (const [i, one] of parties.entries()) await sendUntilReceived(one, parties, `word ${i}`)
  })
}

test('on one machine each party uses a free port of the list, and receives the datagrams of all', async (t) => {
  const ports = await freePorts(3)
  const to = ports.map((port) => ({ host: '127.0.0.1', port }))
  const parties = [await party(t, { to }), await party(t, { to }), await party(t, { to })]
  assert.deepEqual(parties.flatMap(({ datagrams }) => datagrams.ports).sort(), [...ports].sort())
  for (const [i, one] of parties.entries()) await sendUntilReceived(one, parties, `word ${i}`)
})

test('IPv6 hosts and names work as well', async (t) => {
  const [a = 0, b = 0] = await freePorts(2)
  const resolver = { addresses: async () => ['::1'], services: async () => [] }
  const to = [
    { host: 'peer.test', port: a },
    { host: 'peer.test', port: b },
  ]
  const parties = [await party(t, { to, resolver }), await party(t, { to, resolver })]
  await sendUntilReceived(parties[0]!, parties, 'six')
})

test('a party that only sends binds no port of the group', async (t) => {
  const [port = 0] = await freePorts(1)
  const options = { to: [{ host: '239.255.77.2', port }], interface: '127.0.0.1' }
  const listener = await party(t, options)
  const speaker = openDatagrams(options)
  t.after(() => speaker.close())
  await speaker.ready
  await sendUntilReceived({ datagrams: speaker, received: [] }, [listener], 'word')
  assert.deepEqual(speaker.ports, [])
})

test('a list without a free port is logged once and tried again', async (t) => {
  const blocker = createSocket('udp4').bind(0, '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address()
  const log = memoryLog()
  const one = await party(t, { to: [{ host: '127.0.0.1', port }], log })
  assert.deepEqual(one.datagrams.ports, [])
  await until('the failure is logged', () => log.messages.includes('datagrams cannot be received'))
  blocker.close()
  await until('the port is bound', () => one.datagrams.ports.includes(port))
  assert.deepEqual(log.messages, ['datagrams cannot be received', 'datagrams are received again'])
})

test('a missing interface or route ends nothing', async (t) => {
  const [port = 0] = await freePorts(1)
  const log = memoryLog()
  const lost = await party(t, { to: [{ host: '239.255.77.3', port }], interface: 'none9', log })
  lost.datagrams.send(Buffer.from('x'))
  await until('both failures are logged', () => log.messages.length >= 2)
  assert.ok(JSON.stringify(log.details).includes('no interface none9'))
  for (const host of ['ff02::7703', 'ff15::7703']) {
    const six = await party(t, { to: [{ host, port }], interface: 'none9', log })
    six.datagrams.send(Buffer.from('x'))
    assert.deepEqual(six.datagrams.ports, [])
  }
  const nowhere = await party(t, { to: [{ host: '2001:db8:ffff::1', port }], log })
  nowhere.datagrams.send(Buffer.from('x'))
})

test('beyond the limit of one second no datagram is read until the next second', async (t) => {
  const [port = 0] = await freePorts(1)
  const log = memoryLog()
  let received = 0
  const onDatagram = (): void => void received++
  await party(t, { to: [{ host: '127.0.0.1', port }], onDatagram, log })
  const flood = createSocket('udp4')
  t.after(() => flood.close())
  const word = Buffer.from('x')
  await until('the flood is logged', () => {
    for (let i = 0; i < 200; i++) flood.send(word, port, '127.0.0.1')
    return log.messages.some((message) => message.startsWith('more datagrams arrive'))
  })
  assert.ok(received <= 2 * datagramLimits.perSecondMax, `${received} received`)
  const before = received
  await until('the end of the flood is logged', () =>
    log.messages.includes('all datagrams are read again'),
  )
  assert.equal(log.messages.length, 2)
  await until('a datagram is received again', () => {
    flood.send(word, port, '127.0.0.1')
    return received > before
  })
})
