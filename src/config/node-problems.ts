// Problems of the fixed nodes in a configuration that no single key shows. Pure; used by schema.ts.

import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { proxyVersionOf, type SendProxyRule } from '../cluster/send-proxy.ts'
import { defaultBalancer, routeOf } from './fixed-nodes.ts'
import type { NodeEntry } from './node-entry.ts'
import { hasTls, sourceName } from './source-settings.ts'

interface NodeProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The keys of the configuration that are read here. */
interface Checked {
  readonly to: readonly NodeEntry[]
  readonly useAlias: boolean
  readonly sendProxy: readonly SendProxyRule[]
  readonly control: { readonly limits: { readonly nodes: number } }
}

export function problemsOfNodes(config: Checked): readonly NodeProblem[] {
  const { to, control } = config
  const allowed = control.limits.nodes
  const { length } = to.filter(({ address }) => address !== undefined)
  const tooMany = `${length} fixed nodes, and control.limits.nodes allows ${allowed}: raise it to ${length} or more`
  return [
    ...(length > allowed ? [{ path: ['to'], message: tooMany }] : []),
    ...to.flatMap((entry, index) => problemsOfEntry(entry, ['to', index], config.useAlias)),
    ...doubles(to),
    ...to.flatMap((entry, index) => problemsOfHeader(entry, ['to', index], config.sendProxy)),
  ]
}

function problemsOfEntry(
  { queue, maxConnections, tls, aliases, address, source }: NodeEntry,
  path: readonly (string | number)[],
  useAlias: boolean,
): NodeProblem[] {
  const problems: NodeProblem[] = []
  if (queue !== undefined && maxConnections === undefined && !setsLimits(source))
    problems.push({ path: [...path, 'queue'], message: 'needs maxConnections' })
  if (tls !== undefined && !isSecure(address, source))
    problems.push({
      path: [...path, 'tls'],
      message: 'needs https:// or h2:// in front of the address',
    })
  if (aliases !== undefined && !useAlias)
    problems.push({
      path: [...path, 'aliases'],
      message: 'needs useAlias: true; without that a context is served under every host name',
    })
  return problems
}

/** Whether the list of a source may set `maxConnections`. */
const setsLimits = (source: NodeEntry['source']): boolean =>
  source?.kind === 'file' || source?.kind === 'docker'

/** A connection over HTTP/2 has many clients, and a PROXY header names one. */
function problemsOfHeader(
  { address, route, balancer = defaultBalancer }: NodeEntry,
  path: readonly (string | number)[],
  rules: readonly SendProxyRule[],
): NodeProblem[] {
  if (address?.http2 !== true) return []
  const node = { ...address, route: routeOf({ address, route }), balancer }
  if (proxyVersionOf(rules, node) === undefined) return []
  const message = `sendProxy cannot apply to a node over HTTP/2, whose connections clients share: add { node: ${node.route}, version: off } to it`
  return [{ path, message }]
}

/** Where a list says which nodes have TLS, some may have it. */
const isSecure = (address: NodeEntry['address'], source: NodeEntry['source']): boolean =>
  source === undefined ? address?.tls === true : hasTls(source) !== false

/** Entries for the same place, and nodes with the same route. */
function doubles(to: Checked['to']): NodeProblem[] {
  const problems: NodeProblem[] = []
  const byRoute = new Map<string, Endpoint>()
  const sources = new Set<string>()
  for (const [index, { source, address, route }] of to.entries()) {
    if (source !== undefined) {
      const key = `${sourceName(source)} ${route ?? ''}`
      if (sources.has(key))
        problems.push({ path: ['to', index], message: `${sourceName(source)} is listed twice` })
      sources.add(key)
    }
    if (address === undefined) continue
    const name = routeOf({ address, route })
    const other = byRoute.get(name)
    if (other === undefined) byRoute.set(name, address)
    else problems.push({ path: ['to', index], message: twice(address, other, name) })
  }
  return problems
}

function twice(address: Endpoint, other: Endpoint, route: string): string {
  const [text, otherText] = [hostPortText(address), hostPortText(other)]
  return text === otherText
    ? `${text} is listed twice; give one of the entries another route`
    : `${text} has the route ${route}, as ${otherText} has; give one of them another route`
}
