// Which of the sockets that this process has inherited, open already, serves which address of the configuration. Used by
// start-serving.ts. Pure but for the type of the handles.

import { isDeepStrictEqual } from 'node:util'
import { TopspinError } from '../base/errors.ts'
import {
  defaultAddresses,
  type Endpoint,
  type HostPort,
  hostPortText,
  parseEndpoint,
} from '../base/host-port.ts'
import type { Config } from '../config/schema.ts'
import type { ListenEntry } from '../config/schema-listen.ts'
import { isWildcard } from '../net/address.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'

/** A listening socket that another process has opened. */
export interface InheritedSocket {
  /** The name that the other process gives it; several sockets may share one. */
  readonly name: string
  readonly fd: number
  /** Its own address. */
  readonly address: Endpoint
  readonly handle: ListenHandle
  /** Absent for a socket that systemd has opened. */
  readonly from?: Predecessor
}

export type SocketUse = 'traffic' | 'control' | 'console' | 'health'

/** About a socket of the process that this one replaces. */
interface Predecessor {
  readonly use: SocketUse
  /** The address as its configuration names it, see `hostPortText`. */
  readonly at: string
}

/** An address to listen on, and its socket where that is open already. */
export interface ListenPlace {
  readonly entry: ListenEntry
  /** The address as the configuration names it, see `hostPortText`. */
  readonly at: string
  readonly inherited: ListenHandle | undefined
  /** The system's service manager has opened the socket, and its file is not ours to remove. */
  readonly isPassed: boolean
}

export interface ListenPlaces {
  readonly traffic: readonly ListenPlace[]
  readonly control: ListenPlace
  readonly console: ListenPlace | undefined
  /** The sockets that no address of the configuration stands for. */
  readonly unused: readonly InheritedSocket[]
}

/** The socket that the predecessor had for this address in the same place; undefined: none. */
export function predecessorsSocket(
  place: HostPort,
  use: SocketUse,
  inherited: Iterable<InheritedSocket>,
): InheritedSocket | undefined {
  for (const socket of inherited) {
    const { from, address } = socket
    if (from?.use !== use) continue
    if (from.at === hostPortText(place) || hostPortText(address) === hostPortText(place))
      return socket
  }
  return undefined
}

/**
 * A socket serves the address that names it (`fd:NAME`), or that it is bound to; `control` and `console` are names of the
 * addresses of these keys. The others are for the traffic where `listen` has its default.
 * @throws TopspinError LISTEN when the configuration names a socket that was not inherited.
 */
export function listenPlaces(
  { listen, control }: Pick<Config, 'listen' | 'control'>,
  inherited: readonly InheritedSocket[],
): ListenPlaces {
  const rest = new Set(inherited)
  const claim = (socket: InheritedSocket): InheritedSocket => {
    rest.delete(socket)
    return socket
  }
  const claimAll = (entry: ListenEntry, use: SocketUse): ListenPlace[] => {
    const known = predecessorsSocket(entry, use, rest)
    if (known !== undefined) return [placeOf(entry, claim(known))]
    const matching = [...rest].filter((socket) => standsFor(entry, socket))
    const isNamed = entry.host.startsWith('fd:')
    if (isNamed && matching.length === 0) throw notPassed(entry, inherited)
    const sockets = isNamed ? matching : matching.slice(0, 1)
    if (sockets.length === 0)
      return [{ entry, at: hostPortText(entry), inherited: undefined, isPassed: false }]
    return sockets.map(claim).map((socket) => placeOf(entry, socket))
  }
  const single = (entry: ListenEntry, name: 'control' | 'console'): ListenPlace => {
    const named = passedIn(rest).find((socket) => socket.name === name)
    if (named !== undefined && !entry.host.startsWith('fd:')) return placeOf(entry, claim(named))
    return claimAll(entry, name)[0] as ListenPlace
  }
  const places = {
    control: single(control.listen, 'control'),
    console: control.console && single(control.console, 'console'),
    traffic: listen.flatMap((entry) => claimAll(entry, 'traffic')),
  }
  const [first] = listen
  const isDefault = isDeepStrictEqual(listen, [parseEndpoint(defaultAddresses.clients)])
  const isFree = places.traffic.every((place) => place.inherited === undefined)
  const passed = passedIn(rest)
  if (first === undefined || !isDefault || !isFree || passed.length === 0)
    return { ...places, unused: [...rest] }
  return {
    ...places,
    traffic: passed.map((socket) => placeOf(first, claim(socket))),
    unused: [...rest],
  }
}

const passedIn = (sockets: Iterable<InheritedSocket>): InheritedSocket[] =>
  [...sockets].filter(({ from }) => from === undefined)

/** With the options of the configuration, at the address of the socket. */
const placeOf = (entry: ListenEntry, { address, handle, from }: InheritedSocket): ListenPlace => ({
  entry: { ...entry, ...address },
  at: hostPortText(entry),
  inherited: handle,
  isPassed: from === undefined,
})

function standsFor(
  { host, port }: ListenEntry,
  { name, fd, address, from }: InheritedSocket,
): boolean {
  if (from !== undefined) return false
  if (host.startsWith('fd:')) return host === `fd:${name}` || host === `fd:${fd}`
  if (port !== address.port) return false
  // This process could not open an address that a socket for all addresses covers.
  return host === address.host || (port !== 0 && isWildcard(address.host))
}

function notPassed({ host }: ListenEntry, inherited: readonly InheritedSocket[]): TopspinError {
  const list = inherited.map(
    ({ name, fd, address }) => `${name} (fd:${fd}, ${hostPortText(address)})`,
  )
  const passed = list.length === 0 ? 'none' : list.join(', ')
  const text = `${host} is no socket that systemd has passed; passed are: ${passed}`
  return new TopspinError('LISTEN', text, { side: 'proxy', phase: 'accept' })
}
