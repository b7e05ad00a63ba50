// Fields that middlewares have set on a ServerResponse before its request was forwarded: they are added to the response of
// the node, whose own fields of the same name come first.

import type { OutgoingHttpHeaders } from 'node:http'

/** Fields of the framing and of the connection, which only the sender of the bytes can write, and the mark of Express. */
const neverAdded: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-powered-by',
])

/** @param head bytes that begin with the head of a response. @returns the same bytes when nothing is to be added. */
export function withAddedFields(head: Uint8Array, fields: OutgoingHttpHeaders): Uint8Array {
  const names = Object.keys(fields).filter((name) => !neverAdded.has(name))
  if (names.length === 0) return head
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const lineEnd = bytes.indexOf('\r\n')
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (lineEnd < 0 || headEnd < 0) return head
  const present = bytes.toString('latin1', lineEnd, headEnd + 2).toLowerCase()
  const isAdded = (name: string): boolean =>
    name === 'set-cookie' || !present.includes(`\r\n${name}:`)
  const lines = names.filter(isAdded).flatMap((name) => linesOf(name, fields[name]))
  if (lines.length === 0) return head
  const added = Buffer.from(`\r\n${lines.join('\r\n')}`, 'latin1')
  return Buffer.concat([bytes.subarray(0, lineEnd), added, bytes.subarray(lineEnd)])
}

function linesOf(name: string, value: OutgoingHttpHeaders[string]): string[] {
  if (value === undefined) return []
  const values = Array.isArray(value) ? value : [value]
  return values.map((one) => `${name}: ${one}`)
}
