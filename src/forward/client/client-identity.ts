// The client of an accepted connection: the facts that all its requests share. Made once for a connection.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { plainAddress } from '../../net/address.ts'
import { SocketTls } from '../../net/socket-tls.ts'
import { ForwardedFields, type ForwardedLines } from '../../wire/forwarded.ts'
import type { ClientTls } from '../node/request-source.ts'
import type { Traffic } from '../traffic/traffic.ts'

export interface ClientIdentity {
  /** Without port. */
  readonly address: string
  /** Whether Forwarded and X-Forwarded-* of its requests are believed. */
  readonly trusted: boolean
  /** Writes the fields that show the client to nodes. */
  readonly forwarded: ForwardedLines
  readonly tls: ClientTls | undefined
}

export function identify(socket: Socket, traffic: Traffic): ClientIdentity {
  const address = plainAddress(socket.remoteAddress ?? 'unknown')
  const trusted = traffic.isTrusted(address)
  const tls = socket instanceof TLSSocket ? new SocketTls(socket) : undefined
  const forwarded = new ForwardedFields({
    address,
    scheme: tls === undefined ? 'http' : 'https',
    trusted,
    header: traffic.settings.trustHeader,
    isTrusted: traffic.isTrusted,
    via: traffic.via,
    certificate: traffic.settings.clientCert ? tls?.certificateDer : undefined,
  })
  return { address, trusted, forwarded, tls }
}
