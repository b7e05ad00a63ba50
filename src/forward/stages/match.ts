// Stage 2: Host and path -> the applications that the cluster has for them.

import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import { routingPath } from '../../wire/http/path.ts'
import type { Exchange } from '../exchange.ts'
import type { Refusal } from './refusal.ts'

export function match(exchange: Exchange): Refusal | undefined {
  const { head, traffic } = exchange
  const { bytes } = head.fields
  exchange.routes = traffic.routes
  const path = routingPath(bytes, head.targetFrom, head.targetTo)
  exchange.host = traffic.settings.useAlias ? hostName(text(bytes, head.hostFrom, head.hostTo)) : ''
  // `OPTIONS *` is about the server as a whole: whoever serves the root answers.
  exchange.path = path === '*' ? '' : path
  const applications = exchange.routes.find(exchange.path, exchange.host)
  if (applications === undefined) return traffic.unknownContext
  exchange.applications = applications
  return undefined
}
