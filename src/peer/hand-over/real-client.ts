// What a socket says about the client at its other end, while the request on it was handed over by a
// peer: access rules, rate limits and logs of the application keep working with no change. Requests come
// one after the other on such a connection, so the socket is told anew for each.

import type { Socket } from 'node:net'
import type { HandedOver } from '../../wire/handed-over.ts'

interface Told {
  remoteAddress: string
  remotePort: number
  remoteFamily: 'IPv4' | 'IPv6'
  encrypted: boolean
}

const told = new WeakSet<Socket>()

/** From now on the socket reports the client of the mark; `undefined`: its own end again. */
export function tellClient(socket: Socket, mark: HandedOver | undefined): void {
  if (mark === undefined) {
    if (told.delete(socket)) forget(socket)
    return
  }
  const values: Told = {
    remoteAddress: mark.address,
    remotePort: mark.port,
    remoteFamily: mark.address.includes(':') ? 'IPv6' : 'IPv4',
    encrypted: mark.scheme === 'https',
  }
  if (told.has(socket)) {
    Object.assign(socket, values)
    return
  }
  told.add(socket)
  for (const [name, value] of Object.entries(values)) {
    const own = Object.getOwnPropertyDescriptor(socket, name)
    if (own !== undefined) before(socket).set(name, own)
    Object.defineProperty(socket, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    })
  }
}

/** Own properties that were there before ours: `encrypted` of a TLS socket is one. */
const kept = new WeakMap<Socket, Map<string, PropertyDescriptor>>()

function before(socket: Socket): Map<string, PropertyDescriptor> {
  let map = kept.get(socket)
  if (map === undefined) {
    map = new Map()
    kept.set(socket, map)
  }
  return map
}

function forget(socket: Socket): void {
  for (const name of ['remoteAddress', 'remotePort', 'remoteFamily', 'encrypted']) {
    Reflect.deleteProperty(socket, name)
    const own = kept.get(socket)?.get(name)
    if (own !== undefined) Object.defineProperty(socket, name, own)
  }
  kept.delete(socket)
}
