// Clusters for tests: balancers, nodes and contexts with everything that does not matter filled in,
// and a proxy in this process that forwards to given ports.

import type { TestContext } from 'node:test'
import type { Balancer } from '../../src/cluster/balancer.ts'
import type { Context } from '../../src/cluster/context.ts'
import { LiveTable, type NodeLive } from '../../src/cluster/live.ts'
import { applyToLive } from '../../src/cluster/live-changes.ts'
import type { Node } from '../../src/cluster/node.ts'
import type { OwnSettings } from '../../src/cluster/own-settings.ts'
import { applyChange, type Change, emptySnapshot } from '../../src/cluster/snapshot.ts'
import { createProxy, type ProxyOptions, type ReverseProxy } from '../../src/proxy/index.ts'
import type { ContextStatus } from '../../src/wire/mcmp/context-status.ts'

export function balancerOf(given: Partial<Balancer> = {}): Balancer {
  return {
    name: 'mycluster',
    slot: 0,
    sticky: true,
    cookie: 'JSESSIONID',
    pathParameter: 'jsessionid',
    stickyRemove: false,
    stickyForce: false,
    waitMs: 0,
    maxAttempts: 1,
    ...given,
  }
}

export function nodeOf(id: number, given: Partial<Node> = {}): Node {
  return {
    id,
    slot: id - 1,
    route: `n${id}`,
    balancer: 'mycluster',
    domain: '',
    host: '127.0.0.1',
    port: 1,
    type: 'http',
    reversed: false,
    flushPackets: 'off',
    flushWaitMs: 10,
    pingMs: 10_000,
    smax: -1,
    ttlMs: 60_000,
    timeoutMs: 0,
    removal: 'none',
    fixed: true,
    ...given,
  }
}

/** The settings of an entry of `to` that sets none. */
export function ownOf(given: Partial<OwnSettings> = {}): OwnSettings {
  return {
    source: '',
    backup: false,
    weight: 100,
    awaitsCheck: true,
    maxConnections: 0,
    queueMax: 0,
    queueMs: 5_000,
    slowStartMs: 0,
    tls: '',
    serverName: '',
    connectMs: 0,
    headMs: 0,
    bodyMs: 0,
    ...given,
  }
}

export function contextOf(
  path: string,
  status: ContextStatus = 'ENABLED',
  alias: string = 'localhost',
): Context {
  return { path, alias, vhost: 1, status, slot: 0, hostSlot: 0 }
}

export interface NodeGiven extends Partial<Node> {
  readonly contexts?: readonly Context[]
  readonly factor?: number
}

/** The changes that bring a balancer and its nodes (ids 1, 2, ...) into being. */
export function clusterOf(nodes: readonly NodeGiven[], balancer: Partial<Balancer> = {}): Change[] {
  const changes: Change[] = [{ kind: 'balancer', balancer: balancerOf(balancer) }]
  for (const [index, { contexts, factor, ...node }] of nodes.entries()) {
    const id = index + 1
    changes.push({ kind: 'node', node: nodeOf(id, node) })
    changes.push({ kind: 'contexts', id, contexts: contexts ?? [contextOf('/')] })
    changes.push({ kind: 'load', id, factor: factor ?? 100 })
  }
  return changes
}

export interface RunningProxy {
  readonly proxy: ReverseProxy
  readonly port: number
  /** Live numbers of the node with this id. */
  live(id: number): NodeLive
  /** Puts changes in force as the owner of the live numbers does: there first, then in the proxy. */
  apply(changes: readonly Change[]): void
}

export interface Given extends Partial<Omit<ProxyOptions, 'listen' | 'live'>> {
  readonly balancer?: Partial<Balancer>
  /** Where the proxy listens. Default: a free port of 127.0.0.1. */
  readonly at?: Partial<ListenAddress>
}

type ListenAddress = ProxyOptions['listen'][number]

/** A proxy in front of nodes; it ends with the test. */
export async function startProxy(
  t: TestContext,
  nodes: readonly NodeGiven[],
  { balancer, at, ...options }: Given = {},
): Promise<RunningProxy> {
  const live = new LiveTable()
  const proxy = createProxy({
    via: 'under-test',
    ...options,
    live,
    listen: [
      { host: '127.0.0.1', port: 0, ...(options.tls === undefined ? {} : { tls: true }), ...at },
    ],
  })
  let snapshot = emptySnapshot
  const apply = (changes: readonly Change[]): void => {
    applyToLive(live, changes, snapshot)
    snapshot = changes.reduce(applyChange, snapshot)
    proxy.apply(changes)
  }
  apply(clusterOf(nodes, balancer))
  const [address] = await proxy.listen()
  t.after(() => proxy.close())
  return { proxy, port: address!.port, live: (id) => live.of(id), apply }
}
