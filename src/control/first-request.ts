// On a port shared with the traffic (`control.traffic`): whether the first request of a connection is for the
// traffic. Pure; called by connection.ts until it is decided.

import { mcmpLimits } from '../base/limits.ts'
import { pathKey } from '../cluster/context.ts'
import type { Snapshot } from '../cluster/snapshot.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { isConsolePath, isPage, pathOf } from './pages.ts'

const CR = 0x0d
const LF = 0x0a

/** The bytes after the empty lines that some clients send between two requests [RFC 9112 2.2]. */
export function withoutEmptyLines(bytes: Buffer): Buffer {
  let at = 0
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return bytes.subarray(at)
}

/** `undefined` until the first line is complete. False for messages, for pages and for bytes that are not HTTP/1. */
export function isForTraffic(bytes: Buffer, snapshot: Snapshot): boolean | undefined {
  const request = withoutEmptyLines(bytes)
  const end = request.indexOf(LF)
  if (end < 0) return request.length > mcmpLimits.headBytesMax ? false : undefined
  const [method = '', target = '', version = '', ...more] = request
    .toString('latin1', 0, end)
    .split(' ')
  const isRequest = method !== '' && target !== '' && /^HTTP\/1\.\d\r?$/.test(version)
  if (!isRequest || more.length > 0) return false
  if (methodOf(method) !== undefined) return false
  // An application at the root replaces the front page, and one at /console the console.
  if (pathOf(target) === '/') return isServed('', snapshot)
  if (isConsolePath(pathOf(target))) return isServed('/console', snapshot)
  return !isPage(target)
}

/** Whether a node has a context at this path. */
function isServed(key: string, snapshot: Snapshot): boolean {
  for (const node of snapshot.nodes.values()) {
    const contexts = node.removal === 'none' ? (snapshot.contexts.get(node.id) ?? []) : []
    if (contexts.some(({ path }) => pathKey(path) === key)) return true
  }
  return false
}
