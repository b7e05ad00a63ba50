// Who may connect to the control listener, and how much of it one address may take: connections, and
// messages that are being worked on. Called by the listener for each connection and each request.

import { plainAddress } from '../net/address.ts'
import { networkCheck } from '../net/network-check.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'
import { RareLog } from './rare-log.ts'

interface Source {
  connections: number
  messages: number
}

export class Sources {
  readonly #isAllowed: (address: string) => boolean
  readonly #connectionsMax: number
  readonly #messagesMax: number
  readonly #counts: ControlCounts
  readonly #strangers: RareLog
  readonly #greedy: RareLog
  /** Addresses with an open connection or a message that is being worked on. */
  readonly #byAddress: Map<string, Source> = new Map()

  /** @throws RangeError for an entry of `allow` that is no network. */
  constructor(settings: ControlSettings, counts: ControlCounts) {
    const { log, clock, limits } = settings
    const { allow } = settings.access
    this.#isAllowed = allow.length === 0 ? () => true : networkCheck(allow, 'control.allow')
    this.#connectionsMax = limits.sourceConnectionsMax
    this.#messagesMax = limits.sourceMessagesMax
    this.#counts = counts
    this.#strangers = new RareLog(log, clock, 'connection refused: its address is not allowed')
    this.#greedy = new RareLog(log, clock, 'refused: too much at a time from one address')
  }

  /** Counts a connection in; false: it is to be closed at once, and is not counted. */
  enter(peer: string): boolean {
    if (!this.#isAllowed(plainAddress(peer))) {
      this.#counts.countRefusal('address')
      this.#strangers.warn({ peer })
      return false
    }
    const source = this.#byAddress.get(peer) ?? { connections: 0, messages: 0 }
    if (source.connections >= this.#connectionsMax) return this.#refuse(peer)
    source.connections += 1
    this.#byAddress.set(peer, source)
    return true
  }

  leave(peer: string): void {
    const source = this.#byAddress.get(peer)
    if (source === undefined) return
    source.connections -= 1
    this.#forget(peer, source)
  }

  /** Counts a message in; false: one more is too many. After true, `end` follows. */
  begin(peer: string): boolean {
    const source = this.#byAddress.get(peer)
    if (source === undefined || source.messages >= this.#messagesMax) return this.#refuse(peer)
    source.messages += 1
    return true
  }

  end(peer: string): void {
    const source = this.#byAddress.get(peer)
    if (source === undefined) return
    source.messages -= 1
    this.#forget(peer, source)
  }

  /** A message may outlive its connection. */
  #forget(peer: string, { connections, messages }: Source): void {
    if (connections === 0 && messages === 0) this.#byAddress.delete(peer)
  }

  #refuse(peer: string): false {
    this.#counts.countRefusal('source')
    this.#greedy.warn({ peer })
    return false
  }
}
