// A network that loses, doubles and reorders what arrives, the same way on every run with one seed.

import type { DatagramOptions, Datagrams } from '../../src/net/datagram.ts'
import { openDatagrams } from '../../src/net/datagram.ts'
import { seededRandom } from './seeded-random.ts'

export interface Lossiness {
  readonly seed: number
  /** Share that does not arrive, 0..1. */
  readonly lost: number
  /** Share of the rest that arrives twice. */
  readonly doubled: number
  /** What arrives is late by up to so many ms, each by another time: so the order changes. */
  readonly lateMs: number
}

export function lossyDatagrams(lossiness: Lossiness): (options: DatagramOptions) => Datagrams {
  const random = seededRandom(lossiness.seed)
  return (options) => {
    const { onDatagram } = options
    if (onDatagram === undefined) return openDatagrams(options)
    return openDatagrams({
      ...options,
      onDatagram: (bytes, from) => {
        if (random() < lossiness.lost) return
        const copies = random() < lossiness.doubled ? 2 : 1
        for (let i = 0; i < copies; i++) {
          setTimeout(() => onDatagram(bytes, from), random() * lossiness.lateMs)
        }
      },
    })
  }
}
