// The ends of a client's connection where the socket does not show them: behind a proxy that sends a PROXY header, and on
// a unix socket. Made by the listeners of the traffic.

import { hostPortText } from '../base/host-port.ts'
import type { ProxyHeader } from '../wire/proxy-protocol/header.ts'
import { plainAddress, unixClient } from './address.ts'

export interface ClientOrigin {
  /** Address of the client without port. */
  readonly address: string
  readonly port?: number | undefined
  /** Address and port that the client connected to. */
  readonly localAuthority: string
  /** The client used TLS towards the proxy that sent the header. */
  readonly isSecure: boolean
  /** Nothing is known of the client, so its Forwarded and X-Forwarded-* are never believed. */
  readonly isUnknown?: true
}

/** A client on a unix socket of this process. */
export const unixOrigin: ClientOrigin = {
  address: unixClient,
  localAuthority: 'localhost',
  isSecure: false,
}

/**
 * @param own the origin of the connection itself, on a unix socket; else `undefined`.
 * @param remote address of the proxy that sent the header.
 * @returns `undefined` when the connection has no other ends than its own.
 */
export function originOf(
  header: ProxyHeader,
  own: ClientOrigin | undefined,
  remote: string,
  localAuthority: string,
): ClientOrigin | undefined {
  const { isSecure } = header
  switch (header.kind) {
    case 'local':
      return own
    case 'unknown':
      return { address: plainAddress(remote), localAuthority, isSecure, isUnknown: true }
    case 'unix':
      return { ...unixOrigin, isSecure, isUnknown: true }
    case 'tcp': {
      const { source, destination } = header
      const local = { host: plainAddress(destination.host), port: destination.port }
      return {
        address: plainAddress(source.host),
        port: source.port,
        localAuthority: hostPortText(local),
        isSecure,
      }
    }
  }
}
