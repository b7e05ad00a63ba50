// Makes a socket report the client of a request that a peer has handed over, so that access rules, rate limits and logs
// of the application keep working. The requests of several clients follow one another on such a connection, so this is
// done anew for each.

import type { Socket } from 'node:net'
import type { HandedOver } from '../../wire/handed-over.ts'

interface Reported {
  remoteAddress: string
  remotePort: number
  remoteFamily: 'IPv4' | 'IPv6'
  encrypted: boolean
}

const names: readonly (keyof Reported)[] = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'encrypted',
]

/** Own properties that sockets had before, to be restored: `encrypted` of a TLS socket is one. */
const replaced = new WeakMap<Socket, ReadonlyMap<string, PropertyDescriptor>>()

/** From now on the socket reports the client that the mark names. */
export function reportClientOf(mark: HandedOver, socket: Socket): void {
  const values: Reported = {
    remoteAddress: mark.address,
    remotePort: mark.port,
    remoteFamily: mark.address.includes(':') ? 'IPv6' : 'IPv4',
    encrypted: mark.scheme === 'https',
  }
  if (replaced.has(socket)) {
    Object.assign(socket, values)
    return
  }
  const own = new Map<string, PropertyDescriptor>()
  for (const name of names) {
    const before = Object.getOwnPropertyDescriptor(socket, name)
    if (before !== undefined) own.set(name, before)
    const shown = { writable: true, configurable: true, enumerable: true }
    Object.defineProperty(socket, name, { value: values[name], ...shown })
  }
  replaced.set(socket, own)
}

/** From now on the socket reports its own remote side again. */
export function reportOwnClient(socket: Socket): void {
  const own = replaced.get(socket)
  if (own === undefined) return
  replaced.delete(socket)
  for (const name of names) {
    Reflect.deleteProperty(socket, name)
    const before = own.get(name)
    if (before !== undefined) Object.defineProperty(socket, name, before)
  }
}
