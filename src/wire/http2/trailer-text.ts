// Writes trailer fields as the end of a chunked body: of a request, whose body is in chunks on its way through an exchange. Those
// of a response are parsed here.

import { httpLimits } from '../../base/limits.ts'
import { Fields } from '../http/fields.ts'
import type { Out } from '../http/out.ts'
import type { FieldSink } from './field-decoder.ts'
import type { FieldLine } from './field-line.ts'

const lastChunk = Buffer.from('0\r\n')

export class TrailerText implements FieldSink {
  readonly out: Out
  #isValid = true
  readonly #fields: Fields = new Fields()

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

  /**
   * What `end` has ended.
   * @param stays it is needed after the next `begin`.
   * @returns `undefined` when it exceeds the limits of HTTP/1.1.
   */
  fields(stays: boolean): Fields | undefined {
    const { length } = this.out
    if (length - lastChunk.length > httpLimits.trailerBytesMax) return undefined
    const bytes = stays ? Buffer.from(this.out.content) : this.out.bytes
    const fields = stays ? new Fields() : this.#fields
    return fields.parse(bytes, lastChunk.length, length, false) > 0 ? fields : undefined
  }
}
