// What joinPeers and startPeers return.

import type { HandOverCounts } from './hand-over/hand-over.ts'
import type { PeerMiddleware } from './parsed/middleware.ts'

/** A server of this process among its peers. */
export interface Peers extends AsyncDisposable {
  readonly name: string
  /** Names of the peers that are present, this server included. */
  readonly known: readonly string[]
  /** The requests that arrived, by outcome. */
  readonly counts: Readonly<HandOverCounts>
  /** For Connect and Express; see `fastifyPeers`, `koaPeers`, `honoPeers` and `nestPeers` for others. */
  readonly middleware: PeerMiddleware
  /** Resolves when the sockets for announcements are open, or their failure has been logged. */
  readonly ready: Promise<void>
  /** Sends goodbyes and hands over no more requests. Resolves when all handed-over requests have been answered. */
  leave(): Promise<void>
  /** Leaves, and ends everything but the server itself. */
  close(): Promise<void>
}
