// A node that speaks HTTP/2, by Node.js's own module or frame by frame, for scenes.

import { once } from 'node:events'
import http2, {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { frame } from './http2-frames.ts'

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

export interface Http2Node {
  readonly server: Http2Server
  readonly port: number
  readonly type: 'h2c'
  /** Open ones, the oldest first. */
  readonly sessions: ServerHttp2Session[]
  /** Connections so far. */
  readonly opened: () => number
}

export async function startHttp2Node(
  t: TestContext,
  handler: Handler,
  options: http2.ServerOptions = {},
): Promise<Http2Node> {
  const server = http2.createServer(options)
  const sessions: ServerHttp2Session[] = []
  let opened = 0
  server.on('session', (session) => {
    opened++
    sessions.push(session)
    session.on('error', () => {})
    session.on('close', () => sessions.splice(sessions.indexOf(session), 1))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    handler(stream, headers)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const session of [...sessions]) session.destroy()
    server.close()
  })
  return {
    server,
    port: (server.address() as AddressInfo).port,
    type: 'h2c',
    sessions,
    opened: () => opened,
  }
}

/** A frame that the proxy has sent. */
export interface Seen {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export interface FrameNode {
  readonly port: number
  readonly type: 'h2c'
  /** What the proxy has sent on all connections. */
  readonly seen: Seen[]
  readonly sockets: Socket[]
}

const prefaceBytes = 24

/**
 * A node that sends what it is told to.
 * @param answer called for each frame of the proxy; what it returns is sent.
 * @param first sent when a connection begins. Default: SETTINGS without entries.
 */
export async function startFrameNode(
  t: TestContext,
  answer: (seen: Seen, socket: Socket) => Buffer | undefined,
  first: Buffer = frame(4, 0, 0),
): Promise<FrameNode> {
  const seen: Seen[] = []
  const sockets: Socket[] = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(first)
    let bytes = Buffer.alloc(0)
    let at = prefaceBytes
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more])
      while (bytes.length >= at + 9) {
        const end = at + 9 + bytes.readUIntBE(at, 3)
        if (bytes.length < end) return
        const one = {
          type: bytes[at + 3] ?? 0,
          flags: bytes[at + 4] ?? 0,
          stream: bytes.readUInt32BE(at + 5),
          payload: bytes.subarray(at + 9, end),
        }
        at = end
        seen.push(one)
        const reply = answer(one, socket)
        if (reply !== undefined && !socket.destroyed) socket.write(reply)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, type: 'h2c', seen, sockets }
}
