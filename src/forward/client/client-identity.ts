// The client of an accepted connection: the facts that all its requests share. Made once for a connection.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { plainAddress, unixClient } from '../../net/address.ts'
import type { ClientOrigin } from '../../net/client-origin.ts'
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
  /** The ends of the connection, where the socket does not show them. */
  readonly origin?: ClientOrigin | undefined
}

/** @param origin default: as the socket shows. @param isHttp2 the connection speaks HTTP/2. */
export function identify(
  socket: Socket,
  traffic: Traffic,
  origin: ClientOrigin | undefined = undefined,
  isHttp2: boolean = false,
): ClientIdentity {
  const address = origin?.address ?? plainAddress(socket.remoteAddress ?? 'unknown')
  const trusted = origin?.isUnknown !== true && traffic.isTrusted(address)
  const tls = socket instanceof TLSSocket ? new SocketTls(socket) : undefined
  const forwarded = new ForwardedFields({
    // A node name of RFC 7239 6 that stands for no address.
    address: address === unixClient ? 'unknown' : address,
    scheme: tls === undefined && origin?.isSecure !== true ? 'http' : 'https',
    trusted,
    header: traffic.settings.trustHeader,
    isTrusted: traffic.isTrusted,
    via: traffic.via,
    isHttp2,
    certificate: traffic.settings.clientCert ? tls?.certificateDer : undefined,
  })
  return { address, trusted, forwarded, tls, origin }
}
