// Writes the trailer fields of a request as the end of a chunked body, which `ChunkedRelay` filters like any other.

import type { Out } from '../http/out.ts'
import type { FieldSink } from './field-decoder.ts'
import type { FieldLine } from './field-line.ts'

const lastChunk = Buffer.from('0\r\n')

export class TrailerText implements FieldSink {
  readonly out: Out
  #isValid = true

  constructor(out: Out) {
    this.out = out
  }

  begin(): void {
    this.#isValid = true
    this.out.clear()
    this.out.raw(lastChunk)
  }

  field({ bytes, valueTo, kind }: FieldLine): void {
    if (kind === 'bad' || kind[0] === ':') this.#isValid = false
    else if (kind === 'field') this.out.copy(bytes, 0, valueTo + 2)
  }

  /** @returns false when a field is not allowed [RFC 9113 8.1]. */
  end(): boolean {
    this.out.crlf()
    return this.#isValid
  }
}
