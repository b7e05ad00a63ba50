// The messages of Envoy's xDS API that are written and read here, with the fields that are used: names and numbers of
// envoyproxy/data-plane-api, v3. Encoded by protobufjs, which is loaded only where Envoys are served.

import type { Root, Type } from 'protobufjs/light.js'

/** `[repeated] TYPE NUMBER`, or `map<TYPE> NUMBER` with names as keys. */
const messages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // google.protobuf, google.rpc
  Any: { typeUrl: 'string 1', value: 'bytes 2' },
  Empty: {},
  Duration: { seconds: 'int64 1', nanos: 'int32 2' },
  UInt32Value: { value: 'uint32 1' },
  BoolValue: { value: 'bool 1' },
  Struct: { fields: 'map<Value> 1' },
  Value: { stringValue: 'string 3' },
  Status: { code: 'int32 1', message: 'string 2' },
  // envoy.service.discovery.v3
  Node: { id: 'string 1', cluster: 'string 2' },
  DiscoveryRequest: {
    versionInfo: 'string 1',
    node: 'Node 2',
    resourceNames: 'repeated string 3',
    typeUrl: 'string 4',
    responseNonce: 'string 5',
    errorDetail: 'Status 6',
  },
  DiscoveryResponse: {
    versionInfo: 'string 1',
    resources: 'repeated Any 2',
    typeUrl: 'string 4',
    nonce: 'string 5',
  },
  // envoy.config.core.v3, envoy.type
  ConfigSource: { ads: 'Empty 3', resourceApiVersion: 'int32 6' },
  SocketAddress: { address: 'string 2', portValue: 'uint32 3' },
  Address: { socketAddress: 'SocketAddress 1' },
  Locality: { zone: 'string 2' },
  Metadata: { filterMetadata: 'map<Struct> 1' },
  Percent: { value: 'double 1' },
  RegexMatcher: { regex: 'string 2' },
  RegexMatchAndSubstitute: { pattern: 'RegexMatcher 1', substitution: 'string 2' },
  // envoy.config.endpoint.v3
  ClusterLoadAssignment: {
    clusterName: 'string 1',
    endpoints: 'repeated LocalityLbEndpoints 2',
  },
  LocalityLbEndpoints: {
    locality: 'Locality 1',
    // As bytes of `LbEndpoint`, which are on the wire the same: those of an endpoint that has not changed are kept.
    lbEndpoints: 'repeated bytes 2',
    priority: 'uint32 5',
  },
  LbEndpoint: {
    endpoint: 'Endpoint 1',
    metadata: 'Metadata 3',
    loadBalancingWeight: 'UInt32Value 4',
  },
  Endpoint: { address: 'Address 1' },
  // envoy.config.cluster.v3
  Cluster: {
    name: 'string 1',
    type: 'int32 2',
    edsClusterConfig: 'EdsClusterConfig 3',
    connectTimeout: 'Duration 4',
    circuitBreakers: 'CircuitBreakers 10',
    lbSubsetConfig: 'LbSubsetConfig 22',
    commonLbConfig: 'CommonLbConfig 27',
    typedExtensionProtocolOptions: 'map<Any> 36',
  },
  EdsClusterConfig: { edsConfig: 'ConfigSource 1' },
  CircuitBreakers: { thresholds: 'repeated Thresholds 1' },
  Thresholds: {
    maxConnections: 'UInt32Value 2',
    maxPendingRequests: 'UInt32Value 3',
    maxRequests: 'UInt32Value 4',
    maxRetries: 'UInt32Value 5',
  },
  LbSubsetConfig: {
    fallbackPolicy: 'int32 1',
    defaultSubset: 'Struct 2',
    subsetSelectors: 'repeated LbSubsetSelector 3',
  },
  LbSubsetSelector: {
    keys: 'repeated string 1',
    fallbackPolicy: 'int32 2',
    singleHostPerSubset: 'bool 4',
  },
  CommonLbConfig: { healthyPanicThreshold: 'Percent 1' },
  HttpProtocolOptions: { explicitHttpConfig: 'ExplicitHttpConfig 3' },
  ExplicitHttpConfig: { http2ProtocolOptions: 'Empty 2' },
  // envoy.config.route.v3
  RouteConfiguration: {
    name: 'string 1',
    virtualHosts: 'repeated VirtualHost 2',
    responseHeadersToRemove: 'repeated string 5',
    ignorePortInHostMatching: 'bool 14',
    ignorePathParametersInPathMatching: 'bool 15',
  },
  VirtualHost: { name: 'string 1', domains: 'repeated string 2', routes: 'repeated Route 3' },
  Route: { match: 'RouteMatch 1', route: 'RouteAction 2', typedPerFilterConfig: 'map<Any> 13' },
  RouteMatch: { prefix: 'string 1', pathSeparatedPrefix: 'string 14' },
  RouteAction: { cluster: 'string 1', timeout: 'Duration 8', retryPolicy: 'RetryPolicy 9' },
  RetryPolicy: {
    retryOn: 'string 1',
    numRetries: 'UInt32Value 2',
    retryHostPredicate: 'repeated RetryHostPredicate 5',
    hostSelectionRetryMaxAttempts: 'int64 6',
  },
  RetryHostPredicate: { name: 'string 1', typedConfig: 'Any 3' },
  // envoy.extensions.filters.http.header_to_metadata.v3
  HeaderToMetadata: { requestRules: 'repeated HeaderRule 1' },
  HeaderRule: { onHeaderPresent: 'KeyValuePair 2', cookie: 'string 5' },
  KeyValuePair: {
    metadataNamespace: 'string 1',
    key: 'string 2',
    regexValueRewrite: 'RegexMatchAndSubstitute 6',
  },
  // envoy.config.listener.v3, envoy.extensions.filters.network.http_connection_manager.v3
  Listener: { name: 'string 1', address: 'Address 2', filterChains: 'repeated FilterChain 3' },
  FilterChain: { filters: 'repeated Filter 3' },
  Filter: { name: 'string 1', typedConfig: 'Any 4' },
  HttpConnectionManager: {
    statPrefix: 'string 2',
    rds: 'Rds 3',
    httpFilters: 'repeated Filter 5',
    useRemoteAddress: 'BoolValue 14',
    upgradeConfigs: 'repeated UpgradeConfig 23',
    normalizePath: 'BoolValue 30',
  },
  Rds: { configSource: 'ConfigSource 1', routeConfigName: 'string 2' },
  UpgradeConfig: { upgradeType: 'string 1' },
}

/** Bytes of messages. */
export interface Codec {
  /** @throws Error for a field that the message does not have, which protobufjs would leave out without a word. */
  encode(name: string, message: object): Uint8Array
  /** @throws Error for bytes that are no such message. */
  decode(name: string, bytes: Uint8Array): object
}

/** @param library `protobufjs/light.js`. */
export function codecOf(library: { readonly Root: typeof Root }): Codec {
  const root = library.Root.fromJSON({
    nested: Object.fromEntries(
      Object.entries(messages).map(([name, fields]) => [
        name,
        {
          fields: Object.fromEntries(
            Object.entries(fields).map(([field, form]) => [field, fieldOf(form)]),
          ),
        },
      ]),
    ),
  }).resolveAll()
  const types = new Map<string, Type>()
  const typeOf = (name: string): Type => {
    const type = types.get(name) ?? root.lookupType(name)
    types.set(name, type)
    return type
  }
  return {
    encode(name, message) {
      requireFields(name, message)
      return typeOf(name).encode(message).finish()
    },
    decode: (name, bytes) => typeOf(name).decode(bytes),
  }
}

interface FieldForm {
  readonly type: string
  readonly id: number
  readonly rule?: 'repeated'
  readonly keyType?: 'string'
}

function fieldOf(form: string): FieldForm {
  const [id = '', type = '', rule] = form.split(' ').reverse()
  const isMap = type.startsWith('map<')
  return {
    type: isMap ? type.slice('map<'.length, -1) : type,
    id: Number(id),
    ...(rule === undefined ? {} : { rule: 'repeated' }),
    ...(isMap ? { keyType: 'string' } : {}),
  }
}

const forms: ReadonlyMap<string, ReadonlyMap<string, FieldForm>> = new Map(
  Object.entries(messages).map(([name, fields]) => [
    name,
    new Map(Object.entries(fields).map(([field, form]) => [field, fieldOf(form)])),
  ]),
)

function requireFields(name: string, message: object): void {
  for (const [field, value] of Object.entries(message)) {
    const form = forms.get(name)?.get(field)
    if (form === undefined) throw new Error(`xDS: ${name} has no field ${field}`)
    const { type, rule, keyType } = form
    if (!forms.has(type)) continue
    const isList = rule === 'repeated'
    const isSingle = !isList && keyType === undefined
    const values: readonly unknown[] = isSingle ? [value] : Object.values(value as object)
    for (const each of values) requireFields(type, each as object)
  }
}

const prefix = 'type.googleapis.com/'

export type ResourceKind = 'clusters' | 'endpoints' | 'listeners' | 'routes'

/** Types of resources, in the order in which Envoy gets what is new. */
export const resourceTypes: Readonly<Record<ResourceKind, string>> = {
  clusters: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoints: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listeners: `${prefix}envoy.config.listener.v3.Listener`,
  routes: `${prefix}envoy.config.route.v3.RouteConfiguration`,
}

/** Types of what is inside of resources. */
export const extensionTypes: Readonly<
  Record<
    | 'headerToMetadata'
    | 'httpConnectionManager'
    | 'httpProtocolOptions'
    | 'previousHosts'
    | 'router',
    string
  >
> = {
  headerToMetadata: `${prefix}envoy.extensions.filters.http.header_to_metadata.v3.Config`,
  httpConnectionManager: `${prefix}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
  httpProtocolOptions: `${prefix}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
  previousHosts: `${prefix}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate`,
  router: `${prefix}envoy.extensions.filters.http.router.v3.Router`,
}
