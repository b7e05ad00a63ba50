// Requests as candidacy functions read them: one of which we have read the head, and one that Node.js has parsed.

import type { IncomingMessage } from 'node:http'
import type { RequestView } from '../../candidacy/candidacy.ts'
import { fieldOf } from '../../forward/index.ts'
import { plainAddress } from '../../net/address.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import { RequestHead } from '../../wire/http/request-head.ts'
import { hasPassed, viaNames } from '../../wire/http/via.ts'

export interface ArrivedRequest extends RequestView {
  /** Whether a Via field names this pseudonym: the request has been forwarded by its owner [RFC 9110 7.6.3]. */
  hasPassed(pseudonym: string): boolean
}

/**
 * A request of which the head has been read. Strings are made on demand only. One object serves many
 * requests, because a choice does not wait for anything.
 */
export class HeadView implements ArrivedRequest {
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
    return hostWithoutPort(text(head.fields.bytes, head.hostFrom, head.hostTo))
  }

  field(name: string): string | undefined {
    const { fields } = this.head
    let found: string | undefined
    for (let index = 0; index < fields.count; index++) {
      const length = fields.nameTo(index) - fields.nameFrom(index)
      if (length !== name.length || fields.name(index) !== name) continue
      // Cookies in several lines are one list, as Node.js reads them; of other fields the first line counts.
      if (name !== 'cookie') return fields.value(index)
      found = found === undefined ? fields.value(index) : `${found}; ${fields.value(index)}`
    }
    return found
  }

  hasPassed(pseudonym: string): boolean {
    const { via, fields } = this.head
    return via >= 0 && hasPassed(fields, pseudonym)
  }
}

/** The target that is sent to a peer (wire/http/outgoing-request.ts). */
export function targetOf(head: RequestHead): string {
  if (head.targetFrom < head.targetTo) {
    const target = text(head.fields.bytes, head.targetFrom, head.targetTo)
    return target.startsWith('?') ? `/${target}` : target
  }
  return head.method === 'OPTIONS' ? '*' : '/'
}

/** A request that Node.js has parsed. */
export class MessageView implements ArrivedRequest {
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
    return hostWithoutPort(this.#request.headers.host ?? '')
  }
  get client(): string {
    return plainAddress(this.#request.socket.remoteAddress ?? '')
  }

  field(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  hasPassed(pseudonym: string): boolean {
    if (fieldOf(this.#request, 'via') === undefined) return false
    return viaNames(this.#request.headers.via ?? '', pseudonym)
  }
}
