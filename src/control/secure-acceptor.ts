// TLS on the control listener: connections come to the service when their handshake is done and they have
// shown what they have to. Made by start-control.ts.

import type { Socket } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { TlsAcceptor, type TlsServerOptions } from '../net/tls-acceptor.ts'

/** @throws Error of OpenSSL when what is given for TLS cannot be used. */
export function secureAcceptor(
  tls: TlsServerOptions,
  handshakeMs: number,
  log: Logger,
  serve: (socket: Socket) => void,
): TlsAcceptor {
  return new TlsAcceptor(tls, handshakeMs, {
    secured(socket, problem) {
      if (problem === undefined) return serve(socket)
      log.warn({ client: socket.remoteAddress, reason: problem }, 'control connection refused')
      dismiss(socket, problem)
    },
    lost: () => {},
    failed: (client, reason) => log.warn({ client, reason }, 'TLS handshake failed'),
  })
}

/** Says why, in `Mess` too, where a node looks for it; nothing that the other side sends is read. */
function dismiss(socket: Socket, problem: string): void {
  const body = `403 ${problem}\n`
  const fields = ['Content-Type: text/plain', `Content-Length: ${body.length}`, 'Connection: close']
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 403 Forbidden\r\nMess: ${problem}\r\n${fields.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), mcmpLimits.lingerMs)
}
