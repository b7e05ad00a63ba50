// Control connections that stay open, each with one message at a time, as nodes send them.

import { connect, type Socket } from 'node:net'

const lanesMax = 32

export class Lanes {
  readonly #lanes: Lane[]

  constructor(port: number) {
    this.#lanes = Array.from({ length: lanesMax }, () => new Lane(port))
  }

  /** `METHOD body`, spread over the lanes. Every reply must be a 200. */
  async send(messages: readonly string[]): Promise<void> {
    await this.sendGroups(messages.map((message) => [message]))
  }

  /** The messages of one group go in order through one lane. */
  async sendGroups(groups: readonly (readonly string[])[]): Promise<void> {
    let next = 0
    await Promise.all(
      this.#lanes.map(async (lane) => {
        for (let group = groups[next++]; group !== undefined; group = groups[next++]) {
          for (const message of group) await lane.send(message)
        }
      }),
    )
  }

  close(): void {
    for (const lane of this.#lanes) lane.close()
  }
}

class Lane {
  readonly #port: number
  #socket: Socket
  #text = ''
  #reply: { resolve(): void; reject(error: Error): void } | undefined

  constructor(port: number) {
    this.#port = port
    this.#socket = this.#connect()
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    socket.setEncoding('latin1').on('data', (piece: string) => this.#read(piece))
    const fail = (error: Error): void => {
      if (socket === this.#socket) this.#reply?.reject(error)
    }
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the control connection ended')))
    return socket
  }

  send(message: string): Promise<void> {
    const at = message.indexOf(' ')
    const body = message.slice(at + 1)
    // The proxy closes what is idle for long.
    if (this.#socket.destroyed) this.#socket = this.#connect()
    this.#socket.write(
      `${message.slice(0, at)} / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    return new Promise((resolve, reject) => {
      this.#reply = { resolve, reject }
    })
  }

  close(): void {
    this.#reply = undefined
    this.#socket.destroy()
  }

  #read(piece: string): void {
    this.#text += piece
    const end = this.#text.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0)
    if (this.#text.length < end + 4 + length) return
    const reply = this.#reply
    const text = this.#text
    this.#text = ''
    this.#reply = undefined
    if (text.startsWith('HTTP/1.1 200')) reply?.resolve()
    else reply?.reject(new Error(text))
  }
}
