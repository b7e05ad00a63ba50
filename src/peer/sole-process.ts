// Whether a worker of node:cluster has its port for itself. A peer is one process: other workers of the same port would
// get requests that were handed over to it. Used by auto.ts.

import type { AddressInfo } from 'node:net'
import { portSpace, socketFolder } from '../host/socket-folder.ts'
import { Rank } from '../net/rank.ts'

/**
 * @param address that the server listens on. @param found called when another process begins to listen there.
 * @returns false when another process listens there already, or when that cannot be found out.
 */
export async function isSoleProcess(
  { address, port }: AddressInfo,
  found: () => void,
): Promise<boolean> {
  const folder = socketFolder()
  if (folder === undefined) return false
  const rank = await Rank.claim(folder, `peer-${portSpace()}-${address}-${port}`, (socket) => {
    socket.destroy()
    found()
  })
  const other = await rank.first()
  other?.destroy()
  return other === undefined
}
