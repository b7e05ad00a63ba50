// Writes the PROXY header of a connection to a node. Pure.

import { isIP } from 'node:net'
import type { HostPort } from '../../base/host-port.ts'
import { ipv4Bytes, ipv6Bytes } from './address.ts'
import { type ProxyVersion, signature } from './header.ts'

/** The ends of a client's connection, with IP addresses. */
export interface ClientEnds {
  readonly source: HostPort
  readonly destination: HostPort
}

const unknownLine = Buffer.from('PROXY UNKNOWN\r\n', 'latin1')

/** The header of a connection for requests of this client; without IP addresses, as on a unix socket, it is unknown. */
export function proxyHeader(version: ProxyVersion, { source, destination }: ClientEnds): Buffer {
  const [from, to] = [isIP(source.host), isIP(destination.host)]
  if (from === 0 || to === 0) return version === 'v1' ? unknownLine : binary(0x21, 0x00)
  const isV4 = from === 4 && to === 4
  if (version === 'v1') return line(isV4, source, destination)
  const bytesOf = isV4 ? ipv4Bytes : ipv6Bytes
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  const ends = [bytesOf(source.host), bytesOf(destination.host), ports]
  return binary(0x21, isV4 ? 0x11 : 0x21, ...ends)
}

/** The header of a connection of our own, such as a probe. Version 1 has no form of its own for that. */
export const localHeader = (version: ProxyVersion): Buffer =>
  version === 'v1' ? unknownLine : binary(0x20, 0x00)

function line(isV4: boolean, source: HostPort, destination: HostPort): Buffer {
  const text = ({ host }: HostPort): string =>
    isV4 || host.includes(':') ? host : `::ffff:${host}`
  const ends = `${text(source)} ${text(destination)} ${source.port} ${destination.port}`
  return Buffer.from(`PROXY TCP${isV4 ? 4 : 6} ${ends}\r\n`, 'latin1')
}

function binary(versionAndCommand: number, familyAndProtocol: number, ...rest: Buffer[]): Buffer {
  const length = rest.reduce((sum, { length: more }) => sum + more, 0)
  const fixed = Buffer.from([versionAndCommand, familyAndProtocol, length >> 8, length & 0xff])
  return Buffer.concat([signature, fixed, ...rest])
}
