// The id of a request: that of a trusted proxy in front, or a new one.

import { requestIdMax } from '../../base/limits.ts'
import { fieldLine } from '../../wire/http/field-lines.ts'
import { REQUEST_ID } from '../../wire/http/field-name.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

const form = /^[\w.:+/=@-]+$/

export function idOf(
  { fields }: RequestHead,
  { trusted }: { readonly trusted: boolean },
  newId: () => string,
): string {
  if (!trusted) return newId()
  const f = indexIn(fields)
  if (f < 0 || fields.valueTo(f) - fields.valueFrom(f) > requestIdMax) return newId()
  const given = fields.value(f)
  return form.test(given) ? given : newId()
}

function indexIn(fields: Fields): number {
  for (let f = 0; f < fields.count; f++) if (fields.kinds[f] === REQUEST_ID) return f
  return -1
}

/** The line of a node's response, `undefined` where the application has written one. @param id '' without one. */
export const idLineFor = (fields: Fields, id: string): Buffer | undefined =>
  id === '' || indexIn(fields) >= 0 ? undefined : fieldLine('X-Request-Id', id)
