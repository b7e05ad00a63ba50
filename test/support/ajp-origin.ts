// A container that speaks AJP13 and misbehaves as the URL says, and remembers what it was asked. It is
// written apart from the code under test.
//
//   /echo               200, the request's body back, read piece by piece; `&length` tells its length
//   /asks?times=N       asks N times for a piece of the body, whatever comes, then answers
//   /early              answers without reading the body
//   /raw?answer=B64URL  exactly these bytes, after the request's head; `&then=fin|rst`
//   /cut?answer=B64URL&at=K&by=fin|rst   the first K bytes of the answer, then the end
//   /die?times=N&by=fin|rst   ends the connection without an answer the first N times for one X-Id
//   /big?bytes=N        a long answer; `&length` tells its length
//   /last               a good answer, after which the connection ends, as it says
//   /stall              no answer

import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import {
  type AjpRequest,
  answerOf,
  cpong,
  endResponse,
  getBodyChunk,
  readForwardRequest,
  sendBody,
  sendHeaders,
} from './ajp-packets.ts'

interface Seen extends AjpRequest {
  /** Number of the connection it came on, from 1. */
  readonly connection: number
  /** The parts of its body that came. */
  readonly body: Buffer[]
  get(name: string): string | undefined
}

export interface AjpOrigin {
  readonly port: number
  readonly seen: Seen[]
  readonly open: Set<net.Socket>
  /** Longest packet that came, with its head. */
  longest: number
  pings: number
  /** What CPING is answered by. */
  pong: 'now' | 'never' | 'end' | 'garbage'
  /** Connections on which a request came: strangers may ask at a port that was somebody else's before. */
  readonly accepted: () => number
  executions(id: string): number
  close(): void
}

export const rawAjp = (answer: Buffer, more: string = ''): string =>
  `/raw?answer=${answer.toString('base64url')}${more}`

export const cutAjpAt = (answer: Buffer, at: number, by: 'fin' | 'rst'): string =>
  `/cut?answer=${answer.toString('base64url')}&at=${at}&by=${by}`

export async function startAjpOrigin(t: TestContext): Promise<AjpOrigin> {
  const executed = new Map<string, number>()
  let accepted = 0
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    origin.open.add(socket)
    socket.on('close', () => origin.open.delete(socket))
    socket.on('error', () => {})
    new Talk(socket, () => ++accepted, origin, executed).start()
  })
  const close = (): void => {
    server.close()
    for (const socket of origin.open) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin: AjpOrigin = {
    port: (server.address() as net.AddressInfo).port,
    seen: [],
    open: new Set(),
    longest: 0,
    pings: 0,
    pong: 'now',
    accepted: () => accepted,
    executions: (id) => executed.get(id) ?? 0,
    close,
  }
  t.after(close)
  return origin
}

/** One connection: packets one after the other, requests and the pieces of their bodies. */
class Talk {
  readonly #socket: net.Socket
  readonly #number: () => number
  #connection = 0
  readonly #origin: AjpOrigin
  readonly #executed: Map<string, number>
  #bytes = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #isOver = false

  constructor(
    socket: net.Socket,
    number: () => number,
    origin: AjpOrigin,
    executed: Map<string, number>,
  ) {
    this.#socket = socket
    this.#number = number
    this.#origin = origin
    this.#executed = executed
  }

  start(): void {
    this.#socket.on('data', (piece: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, piece])
      this.#wake?.()
    })
    const over = (): void => {
      this.#isOver = true
      this.#wake?.()
    }
    this.#socket.on('end', () => {
      over()
      this.#socket.end()
    })
    this.#socket.on('close', over)
    this.#socket.on('drain', () => this.#wake?.())
    this.#serve().catch((error: unknown) => this.#socket.destroy(error as Error))
  }

  /** The content of the next packet; `undefined` when the proxy has ended. */
  async #packet(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#bytes.length >= 4) {
        if (this.#bytes.readUInt16BE(0) !== 0x1234) throw new Error('not a packet')
        const end = 4 + this.#bytes.readUInt16BE(2)
        if (this.#bytes.length >= end) {
          const content = this.#bytes.subarray(4, end)
          this.#bytes = this.#bytes.subarray(end)
          this.#origin.longest = Math.max(this.#origin.longest, end)
          return content
        }
      }
      if (this.#isOver) return undefined
      await this.#changed()
    }
  }

  /** Something has come, left or ended. */
  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async #serve(): Promise<void> {
    for (;;) {
      const content = await this.#packet()
      if (content === undefined) return
      if (content[0] === 10) {
        this.#ping()
        continue
      }
      const request = readForwardRequest(content)
      if (this.#connection === 0) this.#connection = this.#number()
      const get = (name: string): string | undefined =>
        request.fields.find(([known]) => known === name)?.[1]
      const seen: Seen = { ...request, connection: this.#connection, body: [], get }
      this.#origin.seen.push(seen)
      const id = get('x-id') ?? ''
      this.#executed.set(id, (this.#executed.get(id) ?? 0) + 1)
      await this.#behave(seen)
    }
  }

  #ping(): void {
    this.#origin.pings++
    const { pong } = this.#origin
    if (pong === 'now') this.#socket.write(cpong)
    else if (pong === 'end') this.#socket.end()
    else if (pong === 'garbage') this.#socket.write(sendHeaders(200))
  }

  /** One piece of the body; asks for it unless it comes unasked. Empty at its end. */
  async #piece(asks: boolean, seen: Seen): Promise<Buffer> {
    if (asks) this.#socket.write(getBodyChunk())
    const content = await this.#packet()
    if (content === undefined) return Buffer.alloc(0)
    const length = content.length === 0 ? 0 : content.readUInt16BE(0)
    if (content.length > 0 && content.length !== length + 2)
      throw new Error('a piece of wrong length')
    const data = content.subarray(2)
    seen.body.push(data)
    return data
  }

  async #behave(seen: Seen): Promise<void> {
    const socket = this.#socket
    const query = String(seen.attributes.get('query_string') ?? '')
    const given = new URLSearchParams(query)
    const answer = Buffer.from(given.get('answer') ?? '', 'base64url')
    const by = given.get('by') ?? given.get('then') ?? ''
    switch (seen.uri) {
      case '/raw':
        socket.write(answer)
        this.#end(by)
        break
      case '/cut':
        socket.write(answer.subarray(0, Number(given.get('at'))), () => this.#end(by))
        break
      case '/die':
        if (this.#executed.get(seen.get('x-id') ?? '')! <= Number(given.get('times') ?? 1))
          this.#end(by)
        else socket.write(answerOf('survived'))
        break
      case '/last':
        socket.write(Buffer.concat([sendHeaders(200, [['Content-Length', '4']]), sendBody('last')]))
        socket.write(endResponse(false), () => socket.end())
        break
      case '/big':
        await this.#big(Number(given.get('bytes')), given.has('length'))
        break
      case '/asks':
        for (let left = Number(given.get('times')); left > 0; left--) socket.write(getBodyChunk())
        socket.write(answerOf('asked'))
        break
      case '/early':
        socket.write(Buffer.concat([sendHeaders(200), sendBody('early')]))
        // As containers do, with the piece that comes unasked.
        if (Number(seen.get('content-length') ?? 0) > 0) await this.#piece(false, seen)
        socket.write(endResponse())
        break
      case '/stall':
        while (!this.#isOver) await this.#changed()
        break
      default:
        await this.#echo(seen, given.has('length'))
    }
  }

  #end(how: string): void {
    if (how === 'fin') this.#socket.end()
    else if (how === 'rst') this.#socket.resetAndDestroy()
  }

  async #echo(seen: Seen, tellsLength: boolean): Promise<void> {
    const length = Number(seen.get('content-length') ?? 0)
    const isChunked = seen.get('transfer-encoding') === 'chunked'
    const sum = (): number => seen.body.reduce((bytes, piece) => bytes + piece.length, 0)
    if (length > 0) await this.#piece(false, seen)
    while ((length > 0 && sum() < length) || isChunked) {
      if ((await this.#piece(true, seen)).length === 0) break
    }
    const body = Buffer.concat(seen.body)
    const told: [string, string][] = tellsLength ? [['Content-Length', String(body.length)]] : []
    this.#socket.write(sendHeaders(200, [['Content-Type', 'text/plain'], ...told]))
    const isHead = seen.method === 'HEAD'
    for (let at = 0; at < body.length && !isHead; at += 8_000)
      this.#socket.write(sendBody(body.subarray(at, at + 8_000)))
    this.#socket.write(endResponse())
  }

  async #big(length: number, tellsLength: boolean): Promise<void> {
    this.#socket.write(sendHeaders(200, tellsLength ? [['Content-Length', String(length)]] : []))
    const whole = sendBody(Buffer.alloc(8_184, 'x'))
    for (let left = length; left > 0 && !this.#isOver; left -= 8_184) {
      const piece = left >= 8_184 ? whole : sendBody(Buffer.alloc(left, 'x'))
      this.#socket.write(piece)
      while (this.#socket.writableNeedDrain && !this.#isOver) await this.#changed()
    }
    this.#socket.write(endResponse())
  }
}
