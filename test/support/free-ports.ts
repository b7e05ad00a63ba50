// Free ports for programs that cannot choose one themselves or must come back to it. They lie below those that
// the system gives to outgoing connections: one of these might have the port when it is needed, and a client
// that tries it while nobody listens might even reach itself.
//
// A process takes whole blocks of ports and gives each port once, so two callers never get the same one,
// whether they run in one process or in several. A block belongs to the process that listens on its first port.

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const lowest = 15_000
const highest = 30_000
const blockSize = 50

/** Ports of this process's blocks that were not given yet. */
const left: number[] = []

export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = left.shift()
    if (port === undefined) await takeBlock()
    else if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function takeBlock(): Promise<void> {
  const blocks = (highest - lowest) / blockSize
  const start = Math.floor(Math.random() * blocks)
  for (let step = 0; step < blocks; step++) {
    const first = lowest + ((start + step) % blocks) * blockSize
    const mark = await listening(first)
    if (mark === undefined) continue
    mark.unref()
    for (let port = first + 1; port < first + blockSize; port++) left.push(port)
    return
  }
  throw new Error(`no block of ${blockSize} ports is free from ${lowest} to ${highest}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening(port)
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

/** Undefined where another program listens. */
async function listening(port: number): Promise<Server | undefined> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch {
    return undefined
  }
}
