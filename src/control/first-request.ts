// Where the control listener carries traffic too (`control.traffic`): whether the first request of a
// connection is one of the traffic's. Pure; called by the connection until it is decided.

import { mcmpLimits } from '../base/limits.ts'
import { pathKey } from '../cluster/context.ts'
import type { Snapshot } from '../cluster/snapshot.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { isPage, pathOf } from './pages.ts'

/** `undefined` while its first line is not complete. Messages, pages and what is no HTTP/1 are not. */
export function isForTraffic(bytes: Buffer, snapshot: Snapshot): boolean | undefined {
  const text = bytes.toString('latin1', 0, mcmpLimits.headBytesMax).replace(/^(\r\n)+/, '')
  const end = text.indexOf('\n')
  if (end < 0) return bytes.length > mcmpLimits.headBytesMax ? false : undefined
  const match = /^(\S+) (\S+) HTTP\/1\.\d\r?$/.exec(text.slice(0, end))
  if (match === null) return false
  const [, method = '', target = ''] = match
  if (methodOf(method) !== undefined) return false
  // The front page gives way to an application at the root.
  if (pathOf(target) === '/') return servesRoot(snapshot)
  return !isPage(target)
}

function servesRoot(snapshot: Snapshot): boolean {
  for (const node of snapshot.nodes.values()) {
    const contexts = node.removal === 'none' ? (snapshot.contexts.get(node.id) ?? []) : []
    if (contexts.some(({ path }) => pathKey(path) === '')) return true
  }
  return false
}
