// Clients that make one request each and then keep their connection without using it.

import { connect, type Socket } from 'node:net'

export interface IdleClients {
  /** How many still have their connection. */
  open(): number
  close(): void
}

/** So many make their request at a time. */
const batch = 200
const answerMs = 10_000

/** @throws Error when one of them gets no 200. */
export async function openIdle(port: number, count: number, path: string): Promise<IdleClients> {
  const sockets: Socket[] = []
  const clients: IdleClients = {
    open: () => sockets.filter((socket) => !socket.readableEnded && !socket.destroyed).length,
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
  try {
    while (sockets.length < count) {
      const wanted = Math.min(batch, count - sockets.length)
      sockets.push(...(await Promise.all(Array.from({ length: wanted }, () => ask(port, path)))))
    }
    return clients
  } catch (error) {
    clients.close()
    throw error
  }
}

/** The connection after its first answer, which must come whole in one read: it is small. */
function ask(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const fail = (reason: string): void => {
      socket.destroy()
      reject(new Error(`idle client: ${reason}`))
    }
    socket.setTimeout(answerMs, () => fail(`no answer within ${answerMs / 1e3} s`))
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('connection closed'))
    socket.once('data', (data) => {
      const head = data.toString('latin1')
      if (!head.startsWith('HTTP/1.1 200 ')) return fail(`answer ${head.slice(0, 40)}`)
      socket.setTimeout(0)
      resolve(socket)
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
  })
}
