// Ports that nobody listens on, below the range from which the kernel takes ports for outgoing
// connections: thousands of those are made while the bench runs.

import { once } from 'node:events'
import { createServer } from 'node:net'

const lowest = 10_000
const highest = 32_000
const given = new Set<number>()

/** Each call another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
