// The header lines that the requests of one client get on their way to a peer: who the client is, as any proxy shows it,
// and the mark of the hand-over.

import type { ForwardedFields, ForwardedLines } from '../../wire/forwarded.ts'
import type { Marker } from '../../wire/handed-over.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { Out } from '../../wire/http/out.ts'

export class MarkedLines implements ForwardedLines {
  readonly #forwarded: ForwardedFields
  readonly #marker: Marker
  #line = ''

  constructor(forwarded: ForwardedFields, marker: Marker) {
    this.#forwarded = forwarded
    this.#marker = marker
  }

  /** To be called before each request. @param time wall time, ms. @param target as it is sent to the peer. */
  mark(time: number, method: string, target: string): void {
    this.#line = `Topspin-Handed-Over: ${this.#marker.mark(time, method, target)}\r\n`
  }

  write(fields: Fields, minor: number, hostFrom: number, hostTo: number, out: Out): void {
    this.#forwarded.write(fields, minor, hostFrom, hostTo, out)
    out.latin1(this.#line)
  }

  clientOf(fields: Fields): string {
    return this.#forwarded.clientOf(fields)
  }

  isSecure(fields: Fields): boolean {
    return this.#forwarded.isSecure(fields)
  }
}
