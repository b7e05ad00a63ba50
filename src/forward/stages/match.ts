// Stage 2: Host and path -> the applications that the cluster has for them.

import { text } from '../../wire/http/fields.ts'
import { hostKey } from '../../wire/http/host.ts'
import { plainPath, rawPath } from '../../wire/http/path.ts'
import { agreed, firstReading, pathReadings } from '../../wire/http/path-readings.ts'
import type { RequestState } from '../exchange-state.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import { ambiguousPath, noBalancer, type Refusal } from '../refusal.ts'

/** @returns the response when no context is registered for the path, or servers read the path differently. */
export function match(request: RequestState, traffic: ExchangeTraffic): Refusal | undefined {
  const { head } = request
  const { bytes } = head.fields
  const { routes, settings } = traffic
  request.routes = routes
  request.host = settings.useAlias ? hostKey(text(bytes, head.hostFrom, head.hostTo)) : ''
  const plain = plainPath(bytes, head.targetFrom, head.targetTo)
  if (plain === undefined) return matchReadings(request, traffic)
  // `OPTIONS *` concerns the server as a whole: the nodes that serve the root answer it.
  const path = plain === '*' ? '' : plain
  const balancer = request.rule?.balancer
  if (balancer !== undefined) return matchIn(balancer, [path], request)
  const applications = routes.find(path, request.host)
  if (applications === undefined) return traffic.unknownContext
  request.path = path
  request.applications = applications
  return undefined
}

/** A path that servers may read differently. */
function matchReadings(
  request: RequestState,
  { unknownContext }: ExchangeTraffic,
): Refusal | undefined {
  const { head, routes, host } = request
  const path = rawPath(head.fields.bytes, head.targetFrom, head.targetTo)
  const isRootOnly = routes.isRootOnly(host)
  const readings = isRootOnly ? [firstReading(path)] : pathReadings(path)
  if (readings === undefined) return ambiguousPath
  const balancer = request.rule?.balancer
  if (balancer !== undefined) return matchIn(balancer, readings, request)
  const applications = agreed(readings, (reading) => routes.find(reading, host))
  if (applications === 'ambiguous') return ambiguousPath
  if (applications === undefined) return unknownContext
  request.path = readings[0] as string
  request.applications = applications
  return undefined
}

/** A rule names the balancer. */
function matchIn(
  balancer: string,
  readings: readonly string[],
  request: RequestState,
): Refusal | undefined {
  const { routes, host } = request
  const application = agreed(readings, (reading) => routes.findIn(balancer, reading, host))
  if (application === 'ambiguous') return ambiguousPath
  if (application === undefined) return noBalancer
  request.path = readings[0] as string
  request.applications = [application]
  return undefined
}
