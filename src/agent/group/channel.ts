// Messages as lines of JSON over a local socket. Used by shared-membership.ts, on both sides.

import type { Socket } from 'node:net'
import { agentLimits } from '../../base/limits.ts'

export class Channel<Out, In> {
  readonly #socket: Socket
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>

  /** @param received called for each message. A connection that sends anything else is ended. */
  constructor(socket: Socket, received: (message: In) => void) {
    this.#socket = socket
    // A group keeps no process alive.
    socket.unref()
    socket.setEncoding('utf8')
    let rest = ''
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const message = parse(line)
        if (message === undefined) socket.destroy()
        else received(message as In)
      }
      if (rest.length > agentLimits.groupMessageMax) socket.destroy()
    })
    socket.on('end', () => socket.destroy())
    socket.on('error', () => socket.destroy())
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  send(message: Out): void {
    if (this.#socket.writableLength > agentLimits.groupMessageMax) this.#socket.destroy()
    else if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`)
  }

  /** After the messages sent so far. */
  close(): void {
    this.#socket.destroySoon()
  }
}

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
