// TLS on a control listener: connections are served after the handshake and after the client certificate, if
// one is required, has been accepted. Made by listener.ts.

import type { Socket } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { TlsAcceptor, type TlsServerOptions } from '../net/tls-acceptor.ts'

/** @throws Error of OpenSSL when certificate, key or authorities cannot be used. */
export function secureAcceptor(
  tls: TlsServerOptions,
  handshakeMs: number,
  log: Logger,
  serve: (socket: Socket) => void,
): TlsAcceptor {
  return new TlsAcceptor(tls, handshakeMs, {
    secured(socket, problem) {
      if (problem === undefined) return serve(socket)
      log.warn({ remote: socket.remoteAddress, reason: problem }, 'control connection refused')
      dismiss(socket, problem)
    },
    lost: () => {},
    failed: (remote, reason) => log.warn({ remote, reason }, 'TLS handshake failed'),
  })
}

/** Writes the reason, in `Mess` too, where nodes look for it, and ignores what the client sends. */
function dismiss(socket: Socket, problem: string): void {
  const body = `403 ${problem}\n`
  const fields = ['Content-Type: text/plain', `Content-Length: ${body.length}`, 'Connection: close']
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 403 Forbidden\r\nMess: ${problem}\r\n${fields.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), mcmpLimits.lingerMs)
}
