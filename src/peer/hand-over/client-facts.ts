// What stays the same for the requests of one client's connection, kept on its socket: who it is, and the
// fields that tell so. Made anew when the socket reports another client: peers share their connections.

import type { Socket } from 'node:net'
import { plainAddress } from '../../net/address.ts'
import { ForwardedFields, type ViaLines } from '../../wire/forwarded.ts'

export interface ClientFacts {
  /** Without port; '' when it is not known any more. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** What the client says of where it came from goes on. */
  readonly trusted: boolean
  readonly fields: ForwardedFields
}

const kept: unique symbol = Symbol('clientFacts')
type Known = Socket & { [kept]?: ClientFacts; readonly encrypted?: boolean }

export function clientFacts(socket: Known, via: ViaLines, trusted: boolean): ClientFacts {
  const address = plainAddress(socket.remoteAddress ?? '').replace(/%.*$/, '')
  const scheme = socket.encrypted === true ? 'https' : 'http'
  let facts = socket[kept]
  const isSame = facts?.address === address && facts.scheme === scheme && facts.trusted === trusted
  if (facts === undefined || !isSame) {
    const fields = new ForwardedFields({ address, scheme, trusted, via })
    facts = { address, scheme, trusted, fields }
    socket[kept] = facts
  }
  return facts
}
