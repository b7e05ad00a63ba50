// Bytes of a client that have arrived and have not been parsed yet: a part of a head, or requests behind the one under way.
// Used by client-connection.ts.

import type { HeadLimits } from '../../wire/http/head-limits.ts'

/** Whole heads arrive in a few pieces: parsing these from the start again is cheap, unlike thousands of single bytes. */
const parsesMax = 16

export class UnreadBytes {
  /** Whether no bytes are kept. A field of its own: it is read several times for each request. */
  isEmpty = true
  #bytes: Buffer | undefined
  /** Attempts to parse the head that is arriving. */
  #parses = 0
  readonly #limits: Pick<HeadLimits, 'totalBytes'>

  /** @param limits a longer head is parsed, and refused. */
  constructor(limits: Pick<HeadLimits, 'totalBytes'>) {
    this.#limits = limits
  }

  get length(): number {
    return this.#bytes?.length ?? 0
  }

  /** Returns the bytes and forgets them. */
  release(): Buffer | undefined {
    const bytes = this.#bytes
    this.#bytes = undefined
    this.isEmpty = true
    return bytes
  }

  /** Keeps the bytes after the parsed ones. @param isOurs no other code writes to `rest`. */
  keep(rest: Buffer, isOurs: boolean): void {
    this.#bytes = isOurs ? rest : Buffer.from(rest)
    this.isEmpty = false
  }

  /** Keeps more bytes. */
  add(more: Buffer): void {
    this.#bytes = this.#bytes === undefined ? Buffer.from(more) : Buffer.concat([this.#bytes, more])
    this.isEmpty = false
  }

  /** @returns all bytes together, to be parsed; `undefined` while the head is not complete and was parsed often. */
  join(more: Buffer): Buffer | undefined {
    const before = this.#bytes ?? nothing
    const whole = Buffer.concat([before, more])
    const isWorthParsing =
      this.#parses < parsesMax ||
      whole.length > this.#limits.totalBytes ||
      whole.indexOf('\r\n\r\n', Math.max(0, before.length - 3), 'latin1') >= 0
    this.#bytes = isWorthParsing ? undefined : whole
    this.isEmpty = isWorthParsing
    return isWorthParsing ? whole : undefined
  }

  /** The head has been parsed. @param isComplete otherwise it will be parsed again. */
  parsed(isComplete: boolean): void {
    this.#parses = isComplete ? 0 : this.#parses + 1
  }
}

const nothing = Buffer.alloc(0)
