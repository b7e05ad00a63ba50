// A name server for tests: answers A, AAAA and SRV questions from a table that a test changes, by UDP.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { TestContext } from 'node:test'

interface ServiceRecord {
  readonly target: string
  readonly port: number
  readonly priority?: number
  readonly weight?: number
}

export interface NameServer {
  readonly port: number
  /** Addresses by name, in lower case. */
  readonly addresses: Map<string, readonly string[]>
  readonly services: Map<string, readonly ServiceRecord[]>
  /** `silent`: no answer; `fails`: SERVFAIL; `empty`: no records. */
  mode: 'answers' | 'silent' | 'fails' | 'empty'
  questions: number
}

const types = { 1: 'A', 28: 'AAAA', 33: 'SRV' } as const

export async function startNameServer(t: TestContext): Promise<NameServer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const server: NameServer = {
    port: socket.address().port,
    addresses: new Map(),
    services: new Map(),
    mode: 'answers',
    questions: 0,
  }
  socket.on('message', (question, from) => {
    server.questions += 1
    if (server.mode === 'silent') return
    socket.send(answerTo(question, server), from.port, from.address)
  })
  return server
}

function answerTo(message: Buffer, server: NameServer): Buffer {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = types[message.readUInt16BE(at + 1) as keyof typeof types]
  const question = message.subarray(12, at + 5)
  const name = labels.join('.').toLowerCase()
  const records = server.mode === 'answers' ? recordsFor(name, type, server) : []
  const known = server.addresses.has(name) || server.services.has(name)
  const code = server.mode === 'fails' ? 2 : known ? 0 : 3
  const head = Buffer.alloc(12)
  message.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180 | code, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  return Buffer.concat([head, question, ...records])
}

function recordsFor(
  name: string,
  type: 'A' | 'AAAA' | 'SRV' | undefined,
  { addresses, services }: NameServer,
): Buffer[] {
  if (type === 'SRV')
    return (services.get(name) ?? []).map(({ target, port, priority = 0, weight = 0 }) => {
      const numbers = Buffer.alloc(6)
      numbers.writeUInt16BE(priority, 0)
      numbers.writeUInt16BE(weight, 2)
      numbers.writeUInt16BE(port, 4)
      return record(33, Buffer.concat([numbers, nameBytes(target)]))
    })
  const family = type === 'A' ? 4 : 6
  return (addresses.get(name) ?? [])
    .filter((address) => isIP(address) === family)
    .map((address) => record(family === 4 ? 1 : 28, addressBytes(address)))
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12)
  // The name of the question.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ])

/** Of IPv6 only `::1`. */
const addressBytes = (address: string): Buffer =>
  isIP(address) === 4
    ? Buffer.from(address.split('.').map(Number))
    : Buffer.from([...Array(15).fill(0), 1])
