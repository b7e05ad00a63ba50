// A source of fixed nodes: something that lists them, and may list others later. Each kind is one file; they are made by
// source-of.ts and followed by followed-source.ts.

import type { ListedNode } from '../../config/schema-nodes.ts'

export interface NodeSource {
  /**
   * The whole list as it is now. A source that is told of changes may wait for the next one.
   * Rejects when the list cannot be read completely; the list before stays in force.
   * @param signal aborts when the deadline has passed or the source is not needed any more.
   */
  list(signal: AbortSignal): Promise<readonly FoundNode[]>
}

/** An address, and what the source says about its node. */
export interface FoundNode extends ListedNode {
  /** Name that its certificate must have; absent: its host. */
  readonly serverName?: string
}
