// The sockets that this proxy listens on: those that it has inherited by their names, and the files of unix sockets that
// it removes at its end. Used by start-serving.ts and running-services.ts.

import { socketPathOf } from '../base/unix-address.ts'
import type { SocketFiles } from '../net/socket-file.ts'
import { isOpenHandle, type ListenHandle } from '../node-internals/listen-handle.ts'
import { listenKeys } from '../proxy/index.ts'
import type { InheritedSocket, ListenPlace, ListenPlaces } from './inherited-sockets.ts'

/** By the name of its address; a reload may have closed it. */
export function handleFinder(
  inherited: readonly InheritedSocket[],
): (key: string) => ListenHandle | undefined {
  const traffic = inherited.filter(({ from }) => from === undefined || from.use === 'traffic')
  const keys = listenKeys(traffic.map(({ address }) => address))
  const handles = new Map(traffic.map(({ handle }, index) => [keys[index] ?? '', handle]))
  return (key) => {
    const handle = handles.get(key)
    return handle !== undefined && isOpenHandle(handle) ? handle : undefined
  }
}

/** All of the configuration: for clients, control and console. */
export const allPlaces = ({ traffic, control, console }: ListenPlaces): readonly ListenPlace[] => [
  ...traffic,
  control,
  ...(console === undefined ? [] : [console]),
]

/** Of the sockets that this proxy has opened, now or before an upgrade. */
export function noteFiles(files: SocketFiles, places: readonly ListenPlace[]): void {
  for (const { entry, isPassed } of places) {
    const path = socketPathOf(entry.host)
    if (path !== undefined && !isPassed) files.add(path)
  }
}

/** Of the predecessor's sockets at addresses that the configuration names no more. */
export function removeUnused({ unused }: ListenPlaces, files: SocketFiles): void {
  for (const { from, address, handle } of unused) {
    if (from === undefined) continue
    handle.close()
    const path = socketPathOf(address.host)
    if (path === undefined) continue
    files.add(path)
    files.remove(path)
  }
}
