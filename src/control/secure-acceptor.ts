// TLS on a control listener: connections are served after the handshake and after the client certificate, if
// one is required, has been accepted. Made by listener.ts.

import type { Socket } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { TlsAcceptor } from '../net/tls-acceptor.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'

/**
 * @param serve called with the socket for requests, and the one that was accepted.
 * @throws Error of OpenSSL when certificate, key or authorities cannot be used.
 */
export function secureAcceptor(
  tls: TlsServerOptions,
  { limits, log, clock }: ControlSettings,
  counts: ControlCounts,
  serve: (socket: Socket, raw: Socket) => void,
): TlsAcceptor {
  const { refusalLinesMax } = mcmpLimits
  const refused = new ThrottledLog(log, clock, 'control connection refused', refusalLinesMax)
  const failed = new ThrottledLog(log, clock, 'TLS handshake failed', refusalLinesMax)
  return new TlsAcceptor(tls, limits.transferMs, {
    secured(socket, problem, raw) {
      if (problem === undefined) return serve(socket, raw)
      counts.countRefusal('certificate')
      refused.warn({ remote: socket.remoteAddress, reason: problem })
      dismiss(socket, problem)
    },
    lost: () => {},
    failed(remote, failure, detail) {
      counts.countRefusal('handshake')
      failed.warn({ remote, reason: failure, detail })
    },
  })
}

/** Writes the reason, in `Mess` too, where nodes read it, and ignores further bytes of the client. */
function dismiss(socket: Socket, problem: string): void {
  const body = `403 ${problem}\n`
  const fields = ['Content-Type: text/plain', `Content-Length: ${body.length}`, 'Connection: close']
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 403 Forbidden\r\nMess: ${problem}\r\n${fields.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), mcmpLimits.lingerMs)
}
