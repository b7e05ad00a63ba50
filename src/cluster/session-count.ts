// Estimates the number of sessions of a node from the session ids of its requests, by linear counting (Whang et al.): each
// id sets a bit in a table of fixed size. Part of the live numbers; the counts of several processes can be merged.

/** Bits of one window. */
const bits = 16_384
/** Length of a window, ms. A session counts in its last window and the one after: for 2.5 to 5 minutes. */
const windowMs = 150_000

interface Window {
  readonly number: number
  readonly seen: Uint8Array
}

export class SessionCount {
  #current: Window | undefined
  #previous: Window | undefined
  #fresh: number[] = []

  /**
   * Records a request with this session id.
   * @param now ms; of the same clock in all calls.
   */
  note(sessionId: string, now: number): void {
    let hash = 0x811c9dc5
    // The route behind the first dot is the same for all sessions of the node.
    for (let i = 0; i < sessionId.length; i++) {
      const code = sessionId.charCodeAt(i)
      if (code === DOT) break
      hash = Math.imul(hash ^ code, 0x01000193)
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    this.see((hash ^ (hash >>> 13)) & (bits - 1), now)
  }

  /** Records a session by the number of its bit, as reported by another process. */
  see(bit: number, now: number): void {
    const window = this.#windowAt(now)
    const mask = 1 << (bit & 7)
    const byte = window.seen[bit >> 3] ?? mask
    if ((byte & mask) !== 0) return
    window.seen[bit >> 3] = byte | mask
    this.#fresh.push(bit)
  }

  /** The bits that were set in this window since the last call. */
  collectFresh(): readonly number[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Estimated number of recent sessions: exact for a few, within some percent up to tens of thousands. */
  count(now: number): number {
    const number = Math.floor(now / windowMs)
    const seen = [this.#current, this.#previous].filter(
      (window) => window !== undefined && number - window.number <= 1,
    )
    let set = 0
    for (let i = 0; i < bits / 8; i++) {
      let byte = 0
      for (const window of seen) byte |= window?.seen[i] ?? 0
      for (; byte !== 0; byte &= byte - 1) set += 1
    }
    const free = Math.max(1, bits - set)
    return Math.round(bits * Math.log(bits / free))
  }

  #windowAt(now: number): Window {
    const number = Math.floor(now / windowMs)
    if (this.#current?.number === number) return this.#current
    this.#previous = this.#current
    this.#fresh = []
    this.#current = { number, seen: new Uint8Array(bits / 8) }
    return this.#current
  }
}

const DOT = 0x2e
