// Facts of a client's connection that all its requests share, kept on its socket: the client and the fields that show it.
// The facts are made anew when the socket reports another client, since peers share their connections.

import type { Socket } from 'node:net'
import { plainAddress } from '../../net/address.ts'
import { ForwardedFields, type ViaLines } from '../../wire/forwarded.ts'

export interface ClientFacts {
  /** Without port; '' when the socket is not connected any more. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** The client's own claims about the request's origin are passed on. */
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
