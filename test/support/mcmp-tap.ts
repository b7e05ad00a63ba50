// A relay between nodes and the control listener: it forwards every byte and records each message with its reply, in the
// order of the messages. Nodes keep one address of the proxy while the proxy restarts.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { readMessage } from './http-reader.ts'
import { until } from './until.ts'

export interface Heard {
  readonly method: string
  readonly target: string
  /** The pairs in the body. */
  readonly says: ReadonlyMap<string, string>
  /** `undefined` until it has arrived. */
  reply: { readonly status: number; readonly body: string } | undefined
}

export class McmpTap {
  readonly port: number
  readonly heard: Heard[] = []

  private constructor(port: number) {
    this.port = port
  }

  /** @param control port of the control listener behind. */
  static async start(t: TestContext, control: number): Promise<McmpTap> {
    const server = createServer()
    const open = new Set<Socket>()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const tap = new McmpTap((server.address() as AddressInfo).port)
    server.on('connection', (node) => {
      const proxy = connect(control, '127.0.0.1')
      for (const socket of [node, proxy]) {
        open.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          node.destroy()
          proxy.destroy()
          open.delete(socket)
        })
      }
      tap.#listen(node, proxy)
      node.pipe(proxy)
      proxy.pipe(node)
    })
    t.after(() => {
      server.close()
      for (const socket of open) socket.destroy()
    })
    return tap
  }

  /** The messages of one node as text, without STATUS and INFO: `ENABLE-APP /shop`, `REMOVE-APP *`. */
  words(route: string, from: number = 0): string[] {
    return this.of(route, from)
      .filter(({ method }) => method !== 'STATUS')
      .map(({ method, target, says }) => {
        const about = target.endsWith('*') ? '*' : says.get('Context')
        return about === undefined ? method : `${method} ${about}`
      })
  }

  async until(what: string, condition: (heard: readonly Heard[]) => boolean): Promise<void> {
    await until(
      what,
      () => condition(this.heard),
      20_000,
      () => this.heard.slice(-20),
    )
  }

  of(route: string, from: number = 0): Heard[] {
    return this.heard.slice(from).filter(({ says }) => says.get('JVMRoute') === route)
  }

  #listen(node: Socket, proxy: Socket): void {
    const waiting: Heard[] = []
    collect(node, false, ({ line, body }) => {
      const [method = '', target = ''] = line.split(' ')
      const says = new Map(new URLSearchParams(body.toString('latin1')))
      const heard: Heard = { method, target, says, reply: undefined }
      waiting.push(heard)
      this.heard.push(heard)
    })
    collect(proxy, true, ({ line, body }) => {
      const heard = waiting.shift()
      if (heard === undefined) return
      heard.reply = { status: Number(line.split(' ')[1]), body: body.toString('latin1') }
    })
  }
}

function collect(
  socket: Socket,
  isAnswer: boolean,
  each: (message: { line: string; body: Buffer }) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  socket.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece])
    for (;;) {
      const message = readMessage(bytes, 0, { ended: false, isAnswer })
      if (message === undefined) return
      each(message)
      bytes = bytes.subarray(message.end)
    }
  })
}
