// What a tunnel (client/tunnel.ts) uses of a connection, or of a stream of one (stream-tunnel.ts).

import type { Socket } from 'node:net'
import type { Receiver } from '../../net/connection.ts'

export interface TunnelSide {
  /** Absent when it is a stream. */
  readonly socket: Socket | undefined
  /** Bytes that were written and have not left yet. */
  readonly pending: number
  handTo(receiver: Receiver): void
  write(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  end(): void
  destroy(): void
}
