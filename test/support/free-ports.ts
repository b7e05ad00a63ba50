// Ports that were free a moment ago, for programs that cannot choose one themselves or must come back to
// it. They lie below those that the system gives to outgoing connections: one of these might have the port
// when it is needed, and a client that tries it while nobody listens might even reach itself.

import { once } from 'node:events'
import { createServer } from 'node:net'

const lowest = 15_000
const highest = 30_000

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
