// Still stage 7: a response head with other fields, as if the node had sent it so.

import { writeField } from '../../wire/http/field-lines.ts'
import { Out } from '../../wire/http/out.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'

/** Two, because a head that has been changed may be changed once more. It is read again at once. */
const first = new Out(4_096)
const second = new Out(4_096)

/**
 * @param replaced the lines in place of a field: none for an empty buffer, `undefined` where it stays.
 * @param added whole lines, behind the others.
 * @returns the result of parsing the changed head: negative when it is too large.
 */
export function rewriteHead(
  head: ResponseHead,
  replaced: (field: number) => Buffer | undefined,
  added: Buffer,
): number {
  const { fields } = head
  const out = fields.bytes === first.bytes ? second : first
  out.clear()
  out.latin1(`HTTP/1.${head.minor} ${head.status} `)
  out.copy(fields.bytes, head.reasonFrom, head.reasonTo)
  out.crlf()
  for (let f = 0; f < fields.count; f++) {
    const lines = replaced(f)
    if (lines === undefined) writeField(fields, f, out)
    else out.raw(lines)
  }
  out.raw(added)
  out.crlf()
  return head.parse(out.bytes, 0, out.length)
}

/** In place of a field that is removed. */
export const noLine: Buffer = Buffer.alloc(0)
