// What a running HAProxy should have: the servers of its backends and the entries of its map, from the applications of
// the cluster and the backends that its configuration has. Pure. Compared with what it has by commands.ts.

import { isIP } from 'node:net'
import type { ServedApplication, ServedNode } from '../../../cluster/served.ts'

/** `maint`: gets nothing; `drain`: requests of its sessions alone. */
export type ServerState = 'ready' | 'drain' | 'maint'

export interface TargetServer {
  readonly address: string
  readonly port: number
  /** 0..256; 0 gets nothing new. */
  readonly weight: number
  readonly state: ServerState
  /** `proto h2` for nodes that speak HTTP/2 alone. */
  readonly isHttp2: boolean
}

export interface TargetState {
  /** By backend, then by name, which is the route of the node. Only of the backends that are this writer's. */
  readonly servers: ReadonlyMap<string, ReadonlyMap<string, TargetServer>>
  /** The backend by key: host and path, each ending with `/`. */
  readonly map: ReadonlyMap<string, string>
  /** What cannot be served, in words. */
  readonly problems: readonly string[]
}

/**
 * The key of an application in the map: what `path,concat(/)` of a request begins with, so that `/shop` does not match
 * `/shopping`; behind the host where aliases count.
 */
const mapKey = ({ alias, path }: Pick<ServedApplication, 'alias' | 'path'>): string =>
  `${alias === '*' ? '' : alias}${path}/`

/**
 * @param backends the empty backends that HAProxy's configuration has for this writer, in order.
 * @param assigned the backend of each key until now; keeps its value where the backend is still there.
 */
export function targetState(
  applications: readonly ServedApplication[],
  backends: readonly string[],
  assigned: ReadonlyMap<string, string>,
): TargetState {
  const problems: string[] = []
  const servers = new Map(backends.map((name) => [name, new Map<string, TargetServer>()]))
  const map = new Map<string, string>()
  const wanted = new Map<string, ServedApplication>()
  for (const application of applications) {
    const key = mapKey(application)
    if (!/^[A-Za-z0-9_.~:/?@!$&()*+,=%[\]-]{1,512}$/.test(key))
      problems.push(`context ${key}: HAProxy's commands cannot name it`)
    else if (wanted.has(key)) problems.push(`context ${key}: two balancers have it`)
    else wanted.set(key, application)
  }
  const taken = new Map<string, string>()
  for (const key of wanted.keys()) {
    const backend = assigned.get(key)
    if (backend !== undefined && servers.has(backend) && !taken.has(backend)) {
      taken.set(backend, key)
      map.set(key, backend)
    }
  }
  const free = backends.filter((name) => !taken.has(name)).values()
  for (const [key, application] of wanted) {
    const backend = map.get(key) ?? free.next().value
    if (backend === undefined) {
      problems.push(`context ${key}: no backend is free; configure more of them`)
      continue
    }
    map.set(key, backend)
    const members = serversOf(application.nodes, problems)
    servers.set(backend, members)
    // Without a server the backend answers 503, as for a known context with no usable node.
  }
  return { servers, map, problems }
}

function serversOf(nodes: readonly ServedNode[], problems: string[]): Map<string, TargetServer> {
  const servers = new Map<string, TargetServer>()
  const hasActive = nodes.some(({ state, isStandby }) => state === 'on' && !isStandby)
  for (const { node, state, weight, isStandby } of nodes) {
    const problem = problemOf(node)
    if (problem !== undefined) {
      problems.push(`node ${node.route}: ${problem}`)
      continue
    }
    servers.set(node.route, {
      address: node.host === 'localhost' ? '127.0.0.1' : node.host,
      port: node.port,
      // The keyword `backup` of a running server cannot be changed.
      weight: isStandby && hasActive ? 0 : weight,
      state: state === 'on' ? 'ready' : 'drain',
      isHttp2: node.type === 'h2c',
    })
  }
  return servers
}

function problemOf({ route, host, type }: ServedNode['node']): string | undefined {
  if (!/^[A-Za-z0-9_.:-]+$/.test(route)) return 'its route is no name of a server in HAProxy'
  if (isIP(host) === 0 && host !== 'localhost')
    return `its address ${host} is a name; HAProxy adds servers by address`
  if (type !== 'http' && type !== 'ws' && type !== 'h2c')
    return `HAProxy is not given nodes of type ${type}`
  return undefined
}
