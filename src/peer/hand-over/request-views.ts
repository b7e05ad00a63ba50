// Requests as candidacy functions read them: one of which we have read the head, and one that Node.js has parsed.

import type { IncomingMessage } from 'node:http'
import type { RequestView } from '../../candidacy/candidacy.ts'
import { plainAddress } from '../../net/address.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import { RequestHead } from '../../wire/http/request-head.ts'

/**
 * A request of which the head has been read. Strings are made of what is asked for only. One object serves many
 * requests, because a choice does not wait for anything.
 */
export class HeadView implements RequestView {
  head: RequestHead = new RequestHead()
  client = ''

  /** The same object, for another request. */
  of(head: RequestHead, client: string): this {
    this.head = head
    this.client = client
    return this
  }

  get method(): string {
    return this.head.method
  }
  /** As it is sent to a peer. */
  get target(): string {
    return targetOf(this.head)
  }
  get host(): string {
    const { head } = this
    return hostName(text(head.fields.bytes, head.hostFrom, head.hostTo))
  }

  field(name: string): string | undefined {
    const { fields } = this.head
    for (let index = 0; index < fields.count; index++) {
      const length = fields.nameTo(index) - fields.nameFrom(index)
      if (length === name.length && fields.name(index) === name) return fields.value(index)
    }
    return undefined
  }
}

/** The target that is sent to a peer (wire/http/outgoing-request.ts). */
export function targetOf(head: RequestHead): string {
  if (head.targetFrom < head.targetTo) {
    return text(head.fields.bytes, head.targetFrom, head.targetTo)
  }
  return head.method === 'OPTIONS' ? '*' : '/'
}

/** A request that Node.js has parsed. */
export class MessageView implements RequestView {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method ?? ''
  }
  get target(): string {
    return this.#request.url ?? '/'
  }
  get host(): string {
    return hostName(this.#request.headers.host ?? '')
  }
  get client(): string {
    return plainAddress(this.#request.socket.remoteAddress ?? '')
  }

  field(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}
