// Names for the addresses of a proxy, by which a reload and worker processes recognise its listening sockets. Pure.

import { type HostPort, hostPortText } from '../base/host-port.ts'

/** In the order of the addresses. The same address twice, as port 0, has two names. */
export function listenKeys(listen: readonly HostPort[]): readonly string[] {
  const counts = new Map<string, number>()
  return listen.map((place) => {
    const text = hostPortText(place)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    return count === 1 ? text : `${text} ${count}`
  })
}
