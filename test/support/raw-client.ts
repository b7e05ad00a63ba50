// A client on a bare socket: sends any bytes, reads answers one after the other, sees how the
// connection ends.

import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import tls from 'node:tls'
import { type Message, readMessage } from './http-reader.ts'
import { until } from './until.ts'

export interface Answer extends Message {
  readonly status: number
}

interface TcpHandle {
  reset(done: () => void): void
}

export class RawClient {
  readonly socket: net.Socket
  /** All bytes that came. */
  bytes: Buffer = Buffer.alloc(0)
  /** The proxy sends no more. */
  ended = false
  closed = false
  error: NodeJS.ErrnoException | undefined
  #read = 0

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (piece: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, piece])
    })
    socket.on('end', () => {
      // Where bytes and a reset arrive together Node.js tells of an end; but then there is no peer any more.
      if (!socket.writableEnded && socket.remoteAddress === undefined)
        socket.destroy(new Error('reset'))
      else this.ended = true
    })
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
    })
  }

  /** @param secure what is needed to speak TLS; absent: plainly. */
  static async connect(
    t: TestContext,
    port: number,
    secure?: tls.ConnectionOptions,
    localAddress?: string,
  ): Promise<RawClient> {
    const host = '127.0.0.1'
    const options = { port, host, localAddress, allowHalfOpen: true, noDelay: true }
    const socket =
      secure === undefined ? net.connect(options) : tls.connect({ ...options, ...secure })
    const client = new RawClient(socket)
    t.after(() => socket.destroy())
    await once(socket, secure === undefined ? 'connect' : 'secureConnect')
    return client
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes, 'latin1')
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** The next answer, interim ones included; `undefined` when the connection ended without a whole one. */
  async answer(toHead: boolean = false): Promise<Answer | undefined> {
    let message: Message | undefined
    await until('an answer is complete or the connection has ended', () => {
      const isOver = this.ended || this.closed
      const ended = this.ended && this.error === undefined
      message = readMessage(this.bytes, this.#read, { ended, isAnswer: true, toHead })
      return message !== undefined || isOver
    })
    if (message === undefined) return undefined
    this.#read = message.end
    return { ...message, status: Number(message.line.split(' ')[1]) }
  }

  /** Sends a request and reads its answer, skipping interim ones. */
  async ask(bytes: string | Buffer): Promise<Answer> {
    this.send(bytes)
    const toHead = bytes.toString('latin1').startsWith('HEAD ')
    for (;;) {
      const answer = await this.answer(toHead)
      if (answer === undefined) throw new Error(`no answer, but: ${JSON.stringify(this.text)}`)
      if (answer.status >= 200) return answer
    }
  }

  /** Waits until the proxy has ended its side, or cut. */
  async over(): Promise<void> {
    await until('the proxy has ended the connection', () => this.ended || this.closed)
  }

  reset(): void {
    if (!(this.socket instanceof tls.TLSSocket)) return void this.socket.resetAndDestroy()
    // Over TLS the connection underneath is reset.
    const { _handle: secure } = this.socket as unknown as { _handle: { _parent: TcpHandle } }
    secure._parent.reset(() => this.socket.destroy())
  }
}

/** A request of a few words: `get('/path', 'X-Id: 1')`. */
export function get(target: string, ...fields: string[]): string {
  return request('GET', target, ...fields)
}

export function request(method: string, target: string, ...fields: string[]): string {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: app.test', ...fields]
  return `${lines.join('\r\n')}\r\n\r\n`
}

export function post(target: string, body: string, ...fields: string[]): string {
  return request('POST', target, `Content-Length: ${body.length}`, ...fields) + body
}
