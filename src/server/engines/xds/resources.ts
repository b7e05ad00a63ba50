// The cluster as resources of Envoy: for each application a cluster with its endpoints and a route, and the listeners of
// the configuration. Pure. docs/envoy.md has the table of what becomes what.

import { isIP } from 'node:net'
import type { HostPort } from '../../../base/host-port.ts'
import type { Balancer } from '../../../cluster/balancer.ts'
import type { Node } from '../../../cluster/node.ts'
import type { ServedApplication, ServedNode } from '../../../cluster/served.ts'
import { type Codec, extensionTypes, type ResourceKind } from './messages.ts'

/** Encoded resources by name. A resource that has not changed is the same object as before. */
export type Resources = Readonly<Record<ResourceKind, ReadonlyMap<string, Uint8Array>>>

export interface ResourceSet {
  /** Number of changes of the cluster that it contains. */
  readonly version: number
  readonly resources: Resources
  /** What Envoy cannot serve, in words. */
  readonly problems: readonly string[]
}

export interface ResourceOptions {
  /** Addresses on which Envoy is to listen for clients. */
  readonly listeners: readonly HostPort[]
  /** Timeout of connections to nodes, ms. */
  readonly connectMs: number
}

/** The name of the route configuration, for listeners that Envoy has of its own. */
export const routesName = 'topspin'

const noResources: Resources = {
  clusters: new Map(),
  endpoints: new Map(),
  listeners: new Map(),
  routes: new Map(),
}

export const noSet: ResourceSet = { version: 0, resources: noResources, problems: [] }

/** @param before the set until now. */
export function resourceSet(
  version: number,
  applications: readonly ServedApplication[],
  codec: Codec,
  options: ResourceOptions,
  before: ResourceSet = noSet,
): ResourceSet {
  const problems: string[] = []
  const clusters = new Map<string, Uint8Array>()
  const endpoints = new Map<string, Uint8Array>()
  const listeners = new Map<string, Uint8Array>()
  const hosts = new Map<string, ServedApplication[]>()
  for (const application of applications) {
    const { alias } = application
    const routed = hosts.get(alias) ?? []
    hosts.set(alias, routed)
    if (routed.some(({ path }) => path === application.path)) {
      problems.push(`context ${application.path}/: two balancers have it`)
      continue
    }
    // Envoy would refuse all routes because of one.
    if (!/^(?:\/[^?#\s]*[^?#\s/])?$/.test(application.path)) {
      problems.push(`context ${application.path}: Envoy has no routes for such paths`)
      continue
    }
    routed.push(application)
    const nodes = servable(application.nodes, problems)
    const name = clusterName(application)
    const isHttp2 = nodes[0]?.node.type === 'h2c'
    const cluster = clusterMessage(name, application.balancer, isHttp2, codec, options)
    clusters.set(name, codec.encode('Cluster', cluster))
    endpoints.set(name, codec.encode('ClusterLoadAssignment', assignment(name, nodes, codec)))
  }
  for (const at of options.listeners) {
    const name = `${routesName}-${at.host}-${at.port}`
    listeners.set(name, codec.encode('Listener', listenerMessage(name, at, codec)))
  }
  const routes = new Map([
    [routesName, codec.encode('RouteConfiguration', routeConfiguration(hosts, codec))],
  ])
  const resources: Resources = {
    clusters: kept(clusters, before.resources.clusters),
    endpoints: kept(endpoints, before.resources.endpoints),
    listeners: kept(listeners, before.resources.listeners),
    routes: kept(routes, before.resources.routes),
  }
  return { version, resources, problems }
}

/** Equal bytes are the same object. */
function kept(
  now: Map<string, Uint8Array>,
  before: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  for (const [name, bytes] of now) {
    const old = before.get(name)
    if (old !== undefined && Buffer.compare(old, bytes) === 0) now.set(name, old)
  }
  return now
}

const clusterName = ({ balancer, path, alias }: ServedApplication): string =>
  `${balancer.name}|${path}/${alias === '*' ? '' : `|${alias}`}`

/** The nodes that Envoy can have in one cluster: those of the protocol of the first. */
function servable(nodes: readonly ServedNode[], problems: string[]): readonly ServedNode[] {
  const protocol = (type: string): string => (type === 'ws' ? 'http' : type)
  let first: string | undefined
  return nodes.filter(({ node: { route, host, type } }) => {
    const known = protocol(type)
    if (known !== 'http' && known !== 'h2c')
      problems.push(`node ${route}: Envoy is not given nodes of type ${type}`)
    else if (isIP(host) === 0 && host !== 'localhost')
      problems.push(`node ${route}: its address ${host} is a name; Envoy gets addresses`)
    else if (first !== undefined && known !== first)
      problems.push(`node ${route}: another node of its context has another type than ${type}`)
    else {
      first = known
      return true
    }
    return false
  })
}

const any = (codec: Codec, typeUrl: string, name: string, message: object): object => ({
  typeUrl,
  value: codec.encode(name, message),
})

const textStruct = (fields: Readonly<Record<string, string>>): object => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, stringValue]) => [name, { stringValue }]),
  ),
})

const duration = (ms: number): object => ({
  seconds: Math.floor(ms / 1_000),
  nanos: (ms % 1_000) * 1_000_000,
})

/** DiscoveryType EDS. */
const eds = 3
/** LbSubsetFallbackPolicy of a cluster, and of a selector. */
const defaultSubset = 2
const selectorPolicy = { noFallback: 1, defaultSubset: 3 } as const
/** Over Envoy's defaults of 1,024, which would refuse requests of a large fleet. */
const noLimit = { value: 1_000_000 }

const adsSource = { ads: {}, resourceApiVersion: 2 }

function clusterMessage(
  name: string,
  { sticky, stickyForce }: Balancer,
  isHttp2: boolean,
  codec: Codec,
  { connectMs }: ResourceOptions,
): object {
  const fallbackPolicy = stickyForce ? selectorPolicy.noFallback : selectorPolicy.defaultSubset
  const selector = { keys: ['route'], fallbackPolicy, singleHostPerSubset: true }
  const protocolName = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  const http2 = { explicitHttpConfig: { http2ProtocolOptions: {} } }
  return {
    name,
    type: eds,
    edsClusterConfig: { edsConfig: adsSource },
    connectTimeout: duration(connectMs),
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: noLimit,
          maxPendingRequests: noLimit,
          maxRequests: noLimit,
          maxRetries: noLimit,
        },
      ],
    },
    lbSubsetConfig: {
      fallbackPolicy: defaultSubset,
      defaultSubset: textStruct({ state: 'on' }),
      subsetSelectors: sticky ? [selector] : [],
    },
    // Whether many nodes are down is judged here (cluster/served.ts).
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    ...(isHttp2
      ? {
          typedExtensionProtocolOptions: {
            [protocolName]: any(
              codec,
              extensionTypes.httpProtocolOptions,
              'HttpProtocolOptions',
              http2,
            ),
          },
        }
      : {}),
  }
}

/** Standbys are the second priority, which Envoy uses while the first has no node for the request. */
function assignment(clusterName: string, nodes: readonly ServedNode[], codec: Codec): object {
  const hasActive = nodes.some(({ isStandby }) => !isStandby)
  const groups = new Map<string, { priority: number; zone: string; lbEndpoints: Uint8Array[] }>()
  for (const served of nodes) {
    const priority = served.isStandby && hasActive ? 1 : 0
    const zone = served.node.domain
    const key = `${priority} ${zone}`
    const group = groups.get(key) ?? { priority, zone, lbEndpoints: [] }
    groups.set(key, group)
    group.lbEndpoints.push(endpointBytes(served, codec))
  }
  return {
    clusterName,
    endpoints: [...groups.values()].map(({ priority, zone, lbEndpoints }) => ({
      locality: { zone },
      lbEndpoints,
      priority,
    })),
  }
}

interface EncodedEndpoint extends Pick<ServedNode, 'state' | 'weight'> {
  readonly bytes: Uint8Array
}

/** The last encoding of each node: most nodes of a large cluster are as they were. */
const encoded: WeakMap<Node, EncodedEndpoint> = new WeakMap()

function endpointBytes(served: ServedNode, codec: Codec): Uint8Array {
  const { node, state, weight } = served
  const known = encoded.get(node)
  if (known?.state === state && known.weight === weight) return known.bytes
  const bytes = codec.encode('LbEndpoint', endpoint(served))
  encoded.set(node, { state, weight, bytes })
  return bytes
}

const endpoint = ({ node: { route, host, port }, state, weight }: ServedNode): object => ({
  endpoint: { address: socketAddress({ host, port }) },
  metadata: { filterMetadata: { 'envoy.lb': textStruct({ route, state }) } },
  loadBalancingWeight: { value: weight },
})

const socketAddress = ({ host, port }: HostPort): object => ({
  socketAddress: { address: host === 'localhost' ? '127.0.0.1' : host, portValue: port },
})

function routeConfiguration(
  hosts: ReadonlyMap<string, readonly ServedApplication[]>,
  codec: Codec,
): object {
  return {
    name: routesName,
    virtualHosts: [...hosts].map(([alias, applications]) => ({
      name: alias,
      domains: [alias],
      routes: [...applications]
        .sort((a, b) => b.path.length - a.path.length)
        .map((application) => routeMessage(application, codec)),
    })),
    // The load report of our agents is for balancers, not for clients.
    responseHeadersToRemove: ['endpoint-load-metrics'],
    ignorePortInHostMatching: true,
    ignorePathParametersInPathMatching: true,
  }
}

function routeMessage(application: ServedApplication, codec: Codec): object {
  const { path, balancer } = application
  return {
    match: path === '' ? { prefix: '/' } : { pathSeparatedPrefix: path },
    route: {
      cluster: clusterName(application),
      // No deadline: downloads and event streams may be long.
      timeout: duration(0),
      retryPolicy: {
        retryOn: 'connect-failure,refused-stream,reset-before-request',
        numRetries: { value: Math.max(1, balancer.maxAttempts) },
        retryHostPredicate: [
          {
            name: 'envoy.retry_host_predicates.previous_hosts',
            typedConfig: any(codec, extensionTypes.previousHosts, 'Empty', {}),
          },
        ],
        hostSelectionRetryMaxAttempts: 5,
      },
    },
    ...(balancer.sticky
      ? { typedPerFilterConfig: { [sessionFilter]: sessionRule(balancer, codec) } }
      : {}),
  }
}

const sessionFilter = 'envoy.filters.http.header_to_metadata'

/** What follows the first dot of the session id chooses the subset; without a dot there is no route. */
const sessionRule = ({ cookie }: Balancer, codec: Codec): object =>
  any(codec, extensionTypes.headerToMetadata, 'HeaderToMetadata', {
    requestRules: [
      {
        cookie,
        onHeaderPresent: {
          metadataNamespace: 'envoy.lb',
          key: 'route',
          regexValueRewrite: {
            pattern: { regex: '^[^.]*\\.?(.*)$' },
            substitution: '\\1',
          },
        },
      },
    ],
  })

function listenerMessage(name: string, at: HostPort, codec: Codec): object {
  const manager = {
    statPrefix: routesName,
    rds: { configSource: adsSource, routeConfigName: routesName },
    httpFilters: [
      {
        name: sessionFilter,
        typedConfig: any(codec, extensionTypes.headerToMetadata, 'HeaderToMetadata', {}),
      },
      {
        name: 'envoy.filters.http.router',
        typedConfig: any(codec, extensionTypes.router, 'Empty', {}),
      },
    ],
    useRemoteAddress: { value: true },
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    normalizePath: { value: true },
  }
  const typedConfig = any(
    codec,
    extensionTypes.httpConnectionManager,
    'HttpConnectionManager',
    manager,
  )
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typedConfig }]
  return { name, address: socketAddress(at), filterChains: [{ filters }] }
}
