// An origin on bare sockets that misbehaves as the URL says, and remembers what it was asked. It is
// written apart from the code under test.
//
//   /echo               200, the request's body back; chunked when that was
//   /raw?answer=B64URL  exactly these bytes, after the request; `&early` after its head only;
//                       `&then=fin|rst|stall`, default: the connection stays
//   /cut?answer=B64URL&at=K&by=fin|rst   the first K bytes of the answer, then the end
//   /die?times=N&by=fin|rst   ends the connection without an answer the first N times for one X-Id
//   /close              a good answer, then the connection ends without having said so
//   /big?bytes=N        a long answer of known length
//   /slow?pieces=N&ms=M chunks with a pause between
//   /tunnel             101 to the protocol that was asked for, then echoes until the client ends

import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import tls from 'node:tls'
import { type Message, readMessage } from './http-reader.ts'

interface Seen extends Message {
  readonly method: string
  readonly target: string
  /** Number of the connection it came on, from 1. */
  readonly connection: number
}

export interface Origin {
  readonly port: number
  /** Every request whose head arrived, `early` and `tunnel` ones without their body. */
  readonly seen: Seen[]
  /** Open connections. */
  readonly open: Set<net.Socket>
  readonly accepted: () => number
  /** How often a request with this X-Id was executed. */
  executions(id: string): number
  close(): void
}

/** `/raw` with these bytes as the answer. */
export function raw(answer: string, more: string = ''): string {
  return `/raw?answer=${Buffer.from(answer, 'latin1').toString('base64url')}${more}`
}

export function cutAt(answer: string, at: number, by: 'fin' | 'rst'): string {
  return `/cut?answer=${Buffer.from(answer, 'latin1').toString('base64url')}&at=${at}&by=${by}`
}

/** @param secure what a server over TLS needs; absent: it speaks plainly. */
export async function startOrigin(t: TestContext, secure?: tls.TlsOptions): Promise<Origin> {
  const seen: Seen[] = []
  const open = new Set<net.Socket>()
  const executed = new Map<string, number>()
  let accepted = 0
  const options = { allowHalfOpen: true, noDelay: true }
  const accept = (socket: net.Socket): void => {
    const connection = ++accepted
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    serve(socket, connection, seen, executed)
  }
  const server =
    secure === undefined
      ? net.createServer(options, accept)
      : tls.createServer({ ...options, ...secure }, accept)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = (): void => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  t.after(close)
  return {
    port: (server.address() as net.AddressInfo).port,
    seen,
    open,
    accepted: () => accepted,
    executions: (id) => executed.get(id) ?? 0,
    close,
  }
}

function serve(
  socket: net.Socket,
  connection: number,
  seen: Seen[],
  executed: Map<string, number>,
): void {
  let bytes = Buffer.alloc(0)
  let isOpen = true
  const next = (): void => {
    while (isOpen) {
      const headEnd = bytes.indexOf('\r\n\r\n', 0, 'latin1')
      if (headEnd < 0) return
      const target = bytes.toString('latin1', 0, headEnd).split(' ')[1] ?? ''
      const url = new URL(target, 'http://origin')
      const answersHead = url.searchParams.has('early') || url.pathname === '/tunnel'
      const unread = answersHead ? bytes.subarray(headEnd + 4) : undefined
      const whole = answersHead ? withoutFraming(bytes.subarray(0, headEnd + 4)) : bytes
      const message = readMessage(whole, 0, { ended: false, isAnswer: false })
      if (message === undefined) return
      bytes = unread ?? bytes.subarray(message.end)
      const request = { ...message, method: message.line.split(' ')[0]!, target, connection }
      seen.push(request)
      const id = message.get('x-id') ?? ''
      executed.set(id, (executed.get(id) ?? 0) + 1)
      if (unread !== undefined) {
        isOpen = false
        socket.off('data', received)
        if (url.pathname !== '/tunnel') socket.on('data', () => {})
      }
      behave(socket, url, request, executed.get(id)!)
      if (unread !== undefined && unread.length > 0) socket.emit('data', unread)
    }
  }
  const received = (piece: Buffer): void => {
    bytes = Buffer.concat([bytes, piece])
    next()
  }
  socket.on('data', received)
  socket.on('end', () => socket.end())
}

function withoutFraming(head: Buffer): Buffer {
  const text = head.toString('latin1')
  return Buffer.from(text.replace(/^(content-length|transfer-encoding):.*\r\n/gim, ''), 'latin1')
}

function behave(socket: net.Socket, url: URL, request: Seen, times: number): void {
  const { searchParams: given } = url
  const answer = Buffer.from(given.get('answer') ?? '', 'base64url')
  switch (url.pathname) {
    case '/raw':
      socket.write(answer)
      end(socket, given.get('then') ?? '')
      break
    case '/cut': {
      const by = given.get('by') ?? 'fin'
      socket.write(answer.subarray(0, Number(given.get('at'))), () => end(socket, by))
      break
    }
    case '/die':
      if (times <= Number(given.get('times') ?? 1)) end(socket, given.get('by') ?? 'fin')
      else ok(socket, request.method, 'survived')
      break
    case '/close':
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast')
      end(socket, 'fin')
      break
    case '/big':
      big(socket, Number(given.get('bytes')))
      break
    case '/slow':
      slow(socket, Number(given.get('pieces')), Number(given.get('ms')))
      break
    case '/tunnel':
      socket.write(
        `HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: ${request.get('upgrade')}\r\n\r\n`,
      )
      socket.on('data', (piece) => {
        if (!socket.write(piece)) socket.pause()
      })
      socket.on('drain', () => socket.resume())
      break
    default:
      echo(socket, request)
  }
}

function end(socket: net.Socket, how: string): void {
  if (how === 'fin') socket.end()
  else if (how === 'rst') below(socket).resetAndDestroy()
}

/** The socket that can be reset: over TLS the one underneath. */
function below(socket: net.Socket): net.Socket {
  const { _parent: parent } = socket as unknown as { _parent?: net.Socket }
  return socket instanceof tls.TLSSocket && parent !== undefined ? parent : socket
}

function ok(socket: net.Socket, method: string, body: string): void {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`
  socket.write(method === 'HEAD' ? head : head + body)
}

function echo(socket: net.Socket, request: Seen): void {
  const { body, trailers } = request
  if (request.get('transfer-encoding') === undefined) {
    ok(socket, request.method, body.toString('latin1') || request.target)
    return
  }
  const half = body.length >> 1
  const chunks = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0)
  const text = chunks.map(
    (part) => `${part.length.toString(16)};x=1\r\n${part.toString('latin1')}\r\n`,
  )
  const tail = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  socket.write(`${head}${text.join('')}0\r\n${tail}\r\n`, 'latin1')
}

function big(socket: net.Socket, length: number): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
  const piece = Buffer.alloc(262_144, 'x')
  let left = length
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const size = Math.min(left, piece.length)
      left -= size
      if (!socket.write(size === piece.length ? piece : piece.subarray(0, size))) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

function slow(socket: net.Socket, pieces: number, ms: number): void {
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  let left = pieces
  const timer = setInterval(() => {
    if (left-- > 0 && !socket.destroyed) {
      socket.write('5\r\npiece\r\n')
      return
    }
    clearInterval(timer)
    if (!socket.destroyed) socket.write('0\r\n\r\n')
  }, ms)
}
