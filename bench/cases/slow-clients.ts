// Clients that read 1 KB of an answer each second and leave the rest to the proxy.

import { connect, type Socket } from 'node:net'

const bytesAtATime = 1_024
const everyMs = 1_000
/** A reader that got nothing for so long is starved. */
const starvedMs = 3_000

export interface SlowClients {
  /** Bytes that all of them have read. */
  received(): number
  errors(): string[]
  close(): void
}

export function openSlowReaders(port: number, count: number, path: string): SlowClients {
  const readers = Array.from({ length: count }, () => new Reader(port, path))
  const timer = setInterval(() => {
    for (const reader of readers) reader.socket.resume()
  }, everyMs)
  return {
    received: () => readers.reduce((sum, reader) => sum + reader.received, 0),
    errors: () => {
      const reasons = readers.map((reader) => reader.trouble()).filter((reason) => reason !== '')
      return [...new Set(reasons)].map(
        (reason) => `${reasons.filter((other) => other === reason).length} readers: ${reason}`,
      )
    },
    close: () => {
      clearInterval(timer)
      for (const reader of readers) reader.socket.destroy()
    },
  }
}

class Reader {
  readonly socket: Socket
  received = 0
  #lastRead = performance.now()
  #trouble = ''

  constructor(port: number, path: string) {
    const buffer = Buffer.alloc(bytesAtATime)
    this.socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer,
        callback: (bytes) => {
          if (this.received === 0) this.#checkHead(buffer.toString('latin1', 0, bytes))
          this.received += bytes
          this.#lastRead = performance.now()
          return false // Paused until the next second.
        },
      },
    })
    this.socket.on('error', (error) => {
      this.#trouble = error.message
    })
    this.socket.on('close', () => {
      this.#trouble ||= 'connection closed'
    })
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
  }

  trouble(): string {
    if (this.#trouble !== '') return this.#trouble
    return performance.now() - this.#lastRead > starvedMs ? 'nothing came for 3 s' : ''
  }

  #checkHead(head: string): void {
    if (!head.startsWith('HTTP/1.1 200 ')) this.#trouble = `answer ${head.slice(0, 20)}`
  }
}
