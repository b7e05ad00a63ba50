// The instances of a service as Consul lists them (`/v1/health/service/NAME`), and the nodes that follow from them. Pure.
// https://developer.hashicorp.com/consul/api-docs/health#list-service-instances-for-service

import { at, listAt, textAt } from '../../base/json-parts.ts'
import { fixedLimits } from '../../base/limits.ts'
import { type ConsulSettings, dialectOf } from '../../config/source-settings.ts'
import { type Found, type FoundNode, inOrder, isPort } from './node-source.ts'

/**
 * Instances whose checks pass or warn are nodes, and those in maintenance are drained. One with a failed check is left out.
 */
export function nodesOfHealth(
  instances: readonly unknown[],
  { scheme }: Pick<ConsulSettings, 'scheme'>,
): Found {
  const nodes: FoundNode[] = []
  const problems: string[] = []
  for (const instance of instances) {
    const state = stateOf(listAt(instance, 'Checks'))
    if (state === 'critical') continue
    const service = at(instance, 'Service')
    const host = textAt(service, 'Address') || textAt(at(instance, 'Node'), 'Address')
    const port = at(service, 'Port')
    if (!/^[A-Za-z0-9._:-]{1,253}$/.test(host) || !isPort(port)) {
      problems.push(`${textAt(service, 'ID').slice(0, 63)} has no address with a port`)
      continue
    }
    nodes.push({
      address: { host, port, ...dialectOf(scheme) },
      weight: weightOf(at(service, 'Weights'), state),
      draining: state === 'maintenance',
    })
  }
  return { nodes: inOrder(nodes), problems }
}

type State = 'passing' | 'warning' | 'maintenance' | 'critical'

/** Checks of the service and of its machine; maintenance is a critical check of a name of its own. */
function stateOf(checks: readonly unknown[]): State {
  const states = checks.map((check): State => {
    if (/^_(?:node|service)_maintenance(?::|$)/.test(textAt(check, 'CheckID'))) return 'maintenance'
    const status = textAt(check, 'Status')
    return status === 'passing' || status === 'warning' ? status : 'critical'
  })
  const worst = (['critical', 'maintenance', 'warning'] as const).find((one) =>
    states.includes(one),
  )
  return worst ?? 'passing'
}

function weightOf(weights: unknown, state: State): number {
  const weight = at(weights, state === 'warning' ? 'Warning' : 'Passing')
  return typeof weight === 'number'
    ? Math.min(fixedLimits.weightMax, Math.max(1, Math.round(weight)))
    : 1
}
