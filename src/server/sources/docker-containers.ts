// Containers as Docker lists them (`/containers/json`), and the nodes that follow from them and their labels. Pure.
// https://docs.docker.com/reference/api/engine/

import { isIP } from 'node:net'
import { at, listAt, textAt } from '../../base/json-parts.ts'
import { readListed } from '../../config/schema-nodes.ts'
import {
  type DockerSettings,
  dialectOf,
  type Scheme,
  schemes,
} from '../../config/source-settings.ts'
import { type Found, type FoundNode, inOrder, isPort } from './node-source.ts'

type Wanted = Pick<DockerSettings, 'network' | 'port' | 'scheme'>

const prefix = 'topspin.'
/** Labels that say where the container is. The others are keys of an entry of `to`. */
const placeLabels: ReadonlySet<string> = new Set(['port', 'network', 'scheme'])

/**
 * Running containers are nodes, unless their own check has not succeeded. @param leaving ids of containers that have been told
 * to stop: they are drained.
 */
export function nodesOfContainers(
  containers: readonly unknown[],
  wanted: Wanted,
  leaving: ReadonlySet<string>,
): Found {
  const nodes: FoundNode[] = []
  const problems: string[] = []
  for (const container of containers) {
    const state = textAt(container, 'State')
    if (state === '') problems.push(`container ${nameOf(container)}: has no state`)
    if (state !== 'running' || !isHealthy(textAt(container, 'Status'))) continue
    const node = nodeOf(container, wanted)
    if (typeof node === 'string') problems.push(`container ${nameOf(container)}: ${node}`)
    else nodes.push({ ...node, draining: leaving.has(textAt(container, 'Id')) })
  }
  return { nodes: inOrder(nodes), problems }
}

/** `Up 5 seconds (health: starting)`, `Up 2 minutes (unhealthy)`, `Up 2 minutes (healthy)` or without a check. */
const isHealthy = (status: string): boolean => !/\((?:unhealthy|health: starting)\)$/.test(status)

const nameOf = (container: unknown): string => {
  const [name] = listAt(container, 'Names')
  return typeof name === 'string' ? name.replace(/^\//, '').slice(0, 63) : '?'
}

/** @returns why it cannot be used, if so. */
function nodeOf(container: unknown, wanted: Wanted): FoundNode | string {
  const labels = labelsOf(container)
  const host = hostOf(container, labels.get('network') ?? wanted.network)
  if (isIP(host) === 0) return host
  const port = portOf(container, labels.get('port') ?? wanted.port?.toString())
  if (typeof port === 'string') return port
  const scheme = labels.get('scheme') ?? wanted.scheme
  if (!isScheme(scheme)) return `topspin.scheme: ${scheme} is none of ${schemes.join(', ')}`
  if (labels.has('address')) return 'topspin.address: the address is that of the container'
  const settings = [...labels].filter(([key]) => !placeLabels.has(key))
  const entry = { ...Object.fromEntries(settings), address: 1 }
  const read = readListed([entry])
  if (typeof read === 'string') return read.replace(/^entry 1: /, prefix)
  return { ...read[0], address: { host, port, ...dialectOf(scheme) } }
}

const isScheme = (text: string | undefined): text is Scheme | undefined =>
  text === undefined || schemes.some((scheme) => scheme === text)

function labelsOf(container: unknown): ReadonlyMap<string, string> {
  const labels = at(container, 'Labels')
  const own = Object.entries(typeof labels === 'object' && labels !== null ? labels : {}).flatMap(
    ([key, value]): readonly [string, string][] =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), String(value)]] : [],
  )
  return new Map(own)
}

/** Its address in a network, or why there is none. */
function hostOf(container: unknown, network: string | undefined): string {
  const networks = at(at(container, 'NetworkSettings'), 'Networks')
  const names = typeof networks === 'object' && networks !== null ? Object.keys(networks) : []
  if (network === undefined && names.length !== 1)
    return `is in the networks ${names.join(', ') || '(none)'}; write one of them in \`network\``
  const name = network ?? names[0] ?? ''
  if (name === 'host' && names.includes(name)) return '127.0.0.1'
  const found = at(networks, name)
  const address = textAt(found, 'IPAddress') || textAt(found, 'GlobalIPv6Address')
  return isIP(address) === 0 ? `has no address in the network ${name}` : address
}

function portOf(container: unknown, wanted: string | undefined): number | string {
  if (wanted !== undefined) {
    const port = /^\d{1,5}$/.test(wanted) ? Number(wanted) : 0
    return isPort(port) ? port : `topspin.port: ${wanted} is not a port`
  }
  const ports = new Set<unknown>()
  for (const entry of listAt(container, 'Ports'))
    if (textAt(entry, 'Type') === 'tcp') ports.add(at(entry, 'PrivatePort'))
  const [only] = ports
  if (ports.size === 1 && isPort(only)) return only
  return ports.size === 0
    ? 'exposes no port; write one in `port` or in the label topspin.port'
    : `exposes the ports ${[...ports].join(', ')}; write one of them in \`port\` or in the label topspin.port`
}
