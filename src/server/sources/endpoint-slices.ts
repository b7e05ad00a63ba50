// EndpointSlices of Kubernetes (discovery.k8s.io/v1), and the nodes that follow from them. Pure.
// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/

import { isIP } from 'node:net'
import { at, listAt, textAt } from '../../base/json-parts.ts'
import { dialectOf, type KubernetesSettings, type Scheme } from '../../config/source-settings.ts'
import { type Found, type FoundNode, inOrder, isPort } from './node-source.ts'

/** The parts of an EndpointSlice that are used. */
export interface EndpointSlice {
  readonly name: string
  readonly addressType: string
  readonly ports: readonly SlicePort[]
  readonly endpoints: readonly Endpoint[]
}

interface SlicePort {
  /** '' when it has none. */
  readonly name: string
  readonly port: number
  readonly appProtocol: string
}

interface Endpoint {
  readonly addresses: readonly string[]
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
}

type Wanted = Pick<KubernetesSettings, 'port' | 'scheme' | 'family'>

/**
 * The nodes of these slices. Ready endpoints are nodes, and those that terminate and still serve are drained; others are
 * left out.
 */
export function nodesOfSlices(slices: Iterable<EndpointSlice>, wanted: Wanted): Found {
  const all = [...slices]
  const usable = ofFamily(all, wanted.family)
  const nodes: FoundNode[] = []
  const problems: string[] = []
  for (const slice of usable) {
    const found = portOf(slice, wanted.port)
    // A slice without endpoints may have no ports.
    if (typeof found === 'string') {
      if (slice.endpoints.length > 0) problems.push(`EndpointSlice ${slice.name}: ${found}`)
      continue
    }
    const dialect = dialectOf(wanted.scheme ?? schemeOf(found.appProtocol))
    for (const { addresses, ready, serving, terminating } of slice.endpoints) {
      // The addresses of an endpoint lead to the same pod.
      const [host] = addresses
      if (!(terminating ? serving : ready)) continue
      if (host === undefined)
        problems.push(`EndpointSlice ${slice.name}: an endpoint has no address`)
      else if (!isUsable(host, slice.addressType))
        problems.push(`EndpointSlice ${slice.name}: ${JSON.stringify(host)} is not an address`)
      else nodes.push({ address: { host, port: found.port, ...dialect }, draining: terminating })
    }
  }
  // An endpoint may be in two slices for a moment: the one that drains counts less.
  const present = nodes.toSorted((a, b) => Number(a.draining) - Number(b.draining))
  return { nodes: inOrder(present), problems }
}

/** A service of two families has slices of both, with the same pods. */
function ofFamily(
  slices: readonly EndpointSlice[],
  family: Wanted['family'],
): readonly EndpointSlice[] {
  const of = (type: string): readonly EndpointSlice[] =>
    slices.filter(({ addressType }) => addressType === type)
  if (family === 4) return of('IPv4')
  if (family === 6) return of('IPv6')
  const four = of('IPv4')
  if (four.some(({ endpoints }) => endpoints.length > 0)) return four
  return slices
}

function portOf({ ports }: EndpointSlice, wanted: string | undefined): SlicePort | string {
  const names = ports.map(({ name, port }) => name || String(port)).join(', ')
  if (wanted === undefined) {
    const [only] = ports
    if (only !== undefined && ports.length === 1) return only
    return ports.length === 0
      ? 'has no port; write one in `port`'
      : `has the ports ${names}; write one of them in \`port\``
  }
  const found = ports.find(({ name, port }) => name === wanted || String(port) === wanted)
  if (found !== undefined) return found
  if (ports.length === 0 && isPort(Number(wanted)))
    return { name: '', port: Number(wanted), appProtocol: '' }
  return `has no port ${wanted}, but ${names === '' ? 'none' : names}`
}

/** https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol */
function schemeOf(appProtocol: string): Scheme {
  if (appProtocol === 'https') return 'https'
  return appProtocol === 'kubernetes.io/h2c' ? 'h2c' : 'http'
}

const isUsable = (host: string, type: string): boolean =>
  type === 'FQDN' ? /^[A-Za-z0-9._-]{1,253}$/.test(host) : isIP(host) !== 0

/** Kubernetes writes `null` for an empty list. */
const isListOrNone = (value: unknown): boolean =>
  value === undefined || value === null || Array.isArray(value)

/** Characters of a name in Kubernetes. */
const nameMax = 253

/** An object of the API, or `undefined` for anything else: lists of a wrong type are no empty lists. */
export function readSlice(value: unknown): EndpointSlice | undefined {
  const name = at(at(value, 'metadata'), 'name')
  const addressType = at(value, 'addressType')
  if (typeof name !== 'string' || name.length > nameMax) return undefined
  if (typeof addressType !== 'string') return undefined
  if (!isListOrNone(at(value, 'ports')) || !isListOrNone(at(value, 'endpoints'))) return undefined
  const ports = listAt(value, 'ports').flatMap((entry): readonly SlicePort[] => {
    const port = at(entry, 'port')
    // Absent means TCP.
    const isTcp = (textAt(entry, 'protocol') || 'TCP') === 'TCP'
    if (!isTcp || !isPort(port)) return []
    return [{ name: textAt(entry, 'name'), port, appProtocol: textAt(entry, 'appProtocol') }]
  })
  const endpoints = listAt(value, 'endpoints').map((entry): Endpoint => {
    const conditions = at(entry, 'conditions')
    // Absent means true for ready, as ready for serving, and false for terminating.
    const ready = at(conditions, 'ready') !== false
    const serving = at(conditions, 'serving')
    return {
      addresses: listAt(entry, 'addresses').filter((text) => typeof text === 'string'),
      ready,
      serving: typeof serving === 'boolean' ? serving : ready,
      terminating: at(conditions, 'terminating') === true,
    }
  })
  return { name, addressType, ports, endpoints }
}
