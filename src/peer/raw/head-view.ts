// A request of which only the head has been read, as candidacy functions read it. One object for all, since
// a choice is made in one go and the head's bytes do not last: text is made of what is asked for.

import type { RequestView } from '../../candidacy/candidacy.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import { RequestHead } from '../../wire/http/request-head.ts'

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

/** The target that a head has on its way to a peer (wire/http/outgoing-request.ts). */
export function targetOf(head: RequestHead): string {
  if (head.targetFrom < head.targetTo) {
    return text(head.fields.bytes, head.targetFrom, head.targetTo)
  }
  return head.method === 'OPTIONS' ? '*' : '/'
}
