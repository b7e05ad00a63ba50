// On a port shared with the traffic (`control.traffic`): whether the first request of a connection is for the
// traffic. Pure; called by connection.ts until it is decided.

import { mcmpLimits } from '../base/limits.ts'
import { pathKey } from '../cluster/context.ts'
import type { Snapshot } from '../cluster/snapshot.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { isPage, pathOf } from './pages.ts'

/** `undefined` until the first line is complete. False for messages, for pages and for what is not HTTP/1. */
export function isForTraffic(bytes: Buffer, snapshot: Snapshot): boolean | undefined {
  const text = bytes.toString('latin1', 0, mcmpLimits.headBytesMax).replace(/^(\r\n)+/, '')
  const end = text.indexOf('\n')
  if (end < 0) return bytes.length > mcmpLimits.headBytesMax ? false : undefined
  const match = /^(\S+) (\S+) HTTP\/1\.\d\r?$/.exec(text.slice(0, end))
  if (match === null) return false
  const [, method = '', target = ''] = match
  if (methodOf(method) !== undefined) return false
  // An application at the root replaces the front page.
  if (pathOf(target) === '/') return isRootServed(snapshot)
  return !isPage(target)
}

function isRootServed(snapshot: Snapshot): boolean {
  for (const node of snapshot.nodes.values()) {
    const contexts = node.removal === 'none' ? (snapshot.contexts.get(node.id) ?? []) : []
    if (contexts.some(({ path }) => pathKey(path) === '')) return true
  }
  return false
}
