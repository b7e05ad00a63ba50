// Which request targets belong to one context of a node. Used by draining.ts.

import { pathKey } from '../cluster/context.ts'
import { PathMap } from '../cluster/path-map.ts'
import { firstReading } from '../wire/http/path-readings.ts'
import type { TargetFilter } from './member-server.ts'

/** @param paths of all contexts of the node: a target belongs to the longest one that it lies in. */
export function targetsOf(path: string, paths: Iterable<string>): TargetFilter {
  const key = pathKey(path)
  const contexts = new PathMap<string>()
  for (const each of [...paths].map(pathKey)) contexts.set(each, each)
  return (target) => contexts.find(firstReading(pathOf(target))) === key
}

/** Without scheme, authority and query. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const end = path.indexOf('?')
  return end < 0 ? path : path.slice(0, end)
}
