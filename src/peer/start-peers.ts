// Makes this process a peer without a server of its own to intercept: for applications that use a middleware.

import { makePeers } from './make-peers.ts'
import { checkPeersOptions, startForms } from './option-forms.ts'
import type { PeersOptions } from './options.ts'
import type { Peers } from './peers.ts'

/**
 * Joins without a server, for a middleware.
 * @throws TopspinError BAD_OPTION that names the bad options; then nothing has been opened.
 */
export function startPeers(options: PeersOptions): Peers {
  checkPeersOptions(options, startForms)
  const peers = makePeers(options)
  peers.membership.announce()
  return peers
}
