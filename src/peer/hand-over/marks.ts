// The marks of requests that are handed over (wire/handed-over.ts): written for peers, and verified when they arrive.

import type { KeyObject } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { handOverLimits } from '../../base/limits.ts'
import { type ClientFacts, clientFacts } from '../../forward/index.ts'
import type { ViaLines } from '../../wire/forwarded.ts'
import {
  type HandedOver,
  type MarkedRequest,
  Marker,
  readHandedOver,
  writeHandedOver,
} from '../../wire/handed-over.ts'
import { MarkedLines } from './marked-lines.ts'

/** `source`: without a key, from an address that no present peer announces. */
export type MarkRefusal = 'form' | 'signature' | 'time' | 'source'

interface MarksOptions {
  /** The first key signs; all verify. None: marks are accepted by their source. */
  readonly keys: readonly KeyObject[]
  /** Whether a mark without signature is accepted from this address. */
  readonly isPeer: (address: string) => boolean
  /** Largest difference to the clock of the peer that signed a mark, ms. Default 30 000. */
  readonly skewMs?: number | undefined
  readonly clock: Clock
  readonly via: ViaLines
}

export class Marks {
  readonly #options: MarksOptions

  constructor(options: MarksOptions) {
    this.#options = options
  }

  /** The client of a socket. Its own claims about the origin are passed on: the application judges them, here as there. */
  clientOf(socket: Socket): ClientFacts {
    return clientFacts(socket, this.#options.via, true)
  }

  /** Lines for the requests of this socket; `undefined` when it is not connected any more. */
  linesFor(socket: Socket): MarkedLines | undefined {
    const { address, scheme, fields } = this.clientOf(socket)
    const { remotePort } = socket
    if (address === '' || remotePort === undefined) return undefined
    const marker = new Marker({ address, port: remotePort, scheme }, this.#options.keys[0])
    return new MarkedLines(fields, marker)
  }

  /** The value of one mark; `undefined` when the socket is not connected any more. */
  write({ address, scheme }: ClientFacts, socket: Socket, of: MarkedRequest): string | undefined {
    const { clock, keys } = this.#options
    const { remotePort } = socket
    if (address === '' || remotePort === undefined) return undefined
    const time = Math.round(clock.wall())
    return writeHandedOver({ address, port: remotePort, scheme, time }, of, keys[0])
  }

  /** @param source address of the socket. @returns why a mark is not accepted. */
  verify(value: string, of: MarkedRequest, source: string): HandedOver | MarkRefusal {
    const { keys, isPeer, clock, skewMs = handOverLimits.markSkewMs } = this.#options
    const reading = readHandedOver(value, of, keys, clock.wall(), skewMs)
    if (reading.kind === 'refused') return reading.reason
    return reading.signed || isPeer(source) ? reading.mark : 'source'
  }
}
