// Stage 2: Host and path -> the applications that the cluster has for them.

import type { Application } from '../../cluster/routes.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import { plainPath, rawPath } from '../../wire/http/path.ts'
import { agreed, pathReadings } from '../../wire/http/path-readings.ts'
import type { Exchange } from '../exchange.ts'
import { ambiguousPath, type Refusal } from './refusal.ts'

export function match(exchange: Exchange): Refusal | undefined {
  const { head, traffic } = exchange
  const { bytes } = head.fields
  exchange.routes = traffic.routes
  exchange.host = traffic.settings.useAlias ? hostName(text(bytes, head.hostFrom, head.hostTo)) : ''
  const plain = plainPath(bytes, head.targetFrom, head.targetTo)
  if (plain === undefined) return matchReadings(exchange)
  // `OPTIONS *` is about the server as a whole: the nodes that serve the root answer.
  const path = plain === '*' ? '' : plain
  return found(exchange, path, exchange.routes.find(path, exchange.host))
}

/** A path that servers may read differently. */
function matchReadings(exchange: Exchange): Refusal | undefined {
  const { head, routes, host } = exchange
  const readings = pathReadings(rawPath(head.fields.bytes, head.targetFrom, head.targetTo))
  if (readings === undefined) return ambiguousPath
  const applications = agreed(readings, (path) => routes.find(path, host))
  if (applications === 'ambiguous') return ambiguousPath
  return found(exchange, readings[0] as string, applications)
}

function found(
  exchange: Exchange,
  path: string,
  applications: readonly Application[] | undefined,
): Refusal | undefined {
  exchange.path = path
  if (applications === undefined) return exchange.traffic.unknownContext
  exchange.applications = applications
  return undefined
}
