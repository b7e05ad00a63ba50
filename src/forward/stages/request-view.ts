// A request as text, for candidacy functions that read it. It is made once, because the bytes of a head do not last
// until another attempt, and only for cascades with such a function.

import type { RequestView } from '../../candidacy/candidacy.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

/** @param client address of the client. */
export function requestView(head: RequestHead, client: string): RequestView {
  const { fields } = head
  const values = new Map<string, string>()
  for (let index = 0; index < fields.count; index++) {
    const name = fields.name(index)
    if (!values.has(name)) values.set(name, fields.value(index))
  }
  return {
    method: head.method,
    target: text(fields.bytes, head.targetFrom, head.targetTo),
    host: hostWithoutPort(text(fields.bytes, head.hostFrom, head.hostTo)),
    client,
    field: (name) => values.get(name),
  }
}
