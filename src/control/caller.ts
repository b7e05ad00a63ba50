// The remote end of a connection to the control service, and the listener that accepted it.

import type { Socket } from 'node:net'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { unixClient } from '../net/address.ts'

export interface Caller {
  /** Remote address; `unix` on a unix socket, '' when the connection is gone. */
  readonly remote: string
  /** Whether its listener accepts messages, or serves pages alone. */
  readonly acceptsMessages: boolean
  /** Of its certificate, where one of the listener's authorities has signed it. */
  readonly certificateNames?: readonly string[]
}

export const callerOf = (socket: Socket, isUnix: boolean, acceptsMessages: boolean): Caller => ({
  remote: isUnix ? unixClient : (socket.remoteAddress ?? ''),
  acceptsMessages,
  ...(socket instanceof TLSSocket && socket.authorized
    ? { certificateNames: namesOf(socket.getPeerCertificate()) }
    : {}),
})

/** The common name and the alternative names. */
function namesOf({ subject, subjectaltname = '' }: PeerCertificate): readonly string[] {
  const common: string | string[] = subject?.CN ?? []
  const alternative = subjectaltname.split(', ').flatMap((part) => {
    const [, name] = /^(?:DNS|email|URI):([^"]+)$/.exec(part) ?? []
    return name === undefined ? [] : [name]
  })
  return [...(typeof common === 'string' ? [common] : common), ...alternative]
}
