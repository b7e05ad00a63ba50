// A request as text, for the candidacy functions that read it: made once, because a head's bytes do not last
// until another attempt. Called for cascades with such a function only.

import type { RequestView } from '../../candidacy/candidacy.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { ExchangeClient } from '../client/exchange-client.ts'

export function requestView(head: RequestHead, client: ExchangeClient): RequestView {
  const { fields } = head
  const values = new Map<string, string>()
  for (let index = 0; index < fields.count; index++) {
    const name = fields.name(index)
    if (!values.has(name)) values.set(name, fields.value(index))
  }
  return {
    method: head.method,
    target: text(fields.bytes, head.targetFrom, head.targetTo),
    host: hostName(text(fields.bytes, head.hostFrom, head.hostTo)),
    client: client.address,
    field: (name) => values.get(name),
  }
}
