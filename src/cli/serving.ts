// Puts the services together: registry, proxy and control listener around one table of live numbers.
// Started by `topspin serve`, which reloads, drains and closes it.

import type { Logger } from 'pino'
import { systemClock } from '../base/clock.ts'
import { LiveTable } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import type { FixedNode } from '../cluster/registry/fixed.ts'
import { Registry } from '../cluster/registry.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import { startControl } from '../control/start-control.ts'
import { type HostPort, hostPortText } from '../net/host-port.ts'
import { createProxy, type ReverseProxy } from '../proxy/index.ts'
import { type AccessLogFile, openAccessLog } from './access-log.ts'
import { changedKeys } from './changed-keys.ts'
import type { Config } from './schema.ts'

/** Where a proxy listens, as URLs. */
export interface Listening {
  readonly traffic: readonly string[]
  readonly control: string
}

export interface Serving {
  readonly listening: Listening
  /** Puts in force what can be changed while running; returns the keys that need a new start. */
  reload(config: Config): string[]
  /** Takes nothing new, lets what is under way end within the time, then closes. */
  drain(deadlineMs: number): Promise<void>
  /** Ends at once. */
  close(): Promise<void>
}

/** What `reload` puts in force; every other key needs a new start. */
const reloadable: readonly string[] = ['to', 'log.level']

/** Rejects when an address cannot be listened on or the access log not be opened; then nothing runs. */
export async function startServing(config: Config, log: Logger): Promise<Serving> {
  const clock = systemClock
  const live = new LiveTable()
  const registry = new Registry({
    // Microseconds, as httpd counts them: another number after each start.
    runId: String(Math.round(clock.wall() * 1_000)),
    waitBeforeRemoveMs: config.control.removeAfter,
  })
  const accessLog = config.accessLog === 'off' ? undefined : await openAccessLog(config.accessLog)
  const proxy = proxyFor(config, live, accessLog, log)
  const applyFixed = (addresses: readonly HostPort[]): void => {
    const before = registry.snapshot
    const nodes = addresses.map(fixedNode)
    const dropped = registry.dropFixed(new Set(nodes.map((node) => node.route)), clock.now())
    publish(proxy, live, [...dropped, ...registry.addFixed(nodes)], before)
  }
  applyFixed(config.to)
  const traffic = await proxy.listen()
  const control = await startControl({
    ...config.control.listen,
    registry,
    live,
    log,
    clock,
    statusTimeoutMs: config.control.statusTimeout,
    onChanges: (changes) => proxy.apply(changes),
  }).catch((error: unknown) => {
    proxy.close()
    accessLog?.close()
    throw error
  })
  let present = config
  return {
    listening: { traffic: traffic.map(urlOf), control: urlOf(control.address) },
    reload(next) {
      applyFixed(next.to)
      log.level = next.log.level
      accessLog?.reopen()
      const changed = changedKeys(present, next).filter((key) => !reloadable.includes(key))
      present = { ...present, to: next.to, log: next.log }
      return changed
    },
    async drain(deadlineMs) {
      control.drain()
      await proxy.drain(deadlineMs)
      await control.close()
      accessLog?.close()
    },
    async close() {
      proxy.close()
      await control.close()
      accessLog?.close()
    },
  }
}

function proxyFor(
  config: Config,
  live: LiveTable,
  accessLog: AccessLogFile | undefined,
  log: Logger,
): ReverseProxy {
  const { timeouts } = config
  return createProxy({
    listen: config.listen,
    live,
    log,
    trust: config.trust,
    useAlias: config.useAlias,
    candidacy: config.candidacy,
    connectionsMax: config.maxConnections,
    poolIdleMs: config.pool.idle,
    poolIdleMax: config.pool.idleMax,
    timeouts: {
      headMs: timeouts.head,
      idleMs: timeouts.idle,
      bodyMs: timeouts.body,
      sendMs: timeouts.send,
      connectMs: timeouts.connect,
      responseHeadMs: timeouts.responseHead,
      responseBodyMs: timeouts.responseBody,
      tunnelMs: timeouts.tunnel,
    },
    ...(config.via === undefined ? {} : { via: config.via }),
    ...(accessLog === undefined ? {} : { accessLog: accessLog.write }),
  })
}

/** Into the live numbers, then in force: what the control listener does for messages. */
function publish(
  proxy: ReverseProxy,
  live: LiveTable,
  changes: readonly Change[],
  before: Snapshot,
): void {
  applyToLive(live, changes, before)
  proxy.apply(changes)
}

/** Its route is its address, so that sessions find it again after a restart. */
function fixedNode(address: HostPort): FixedNode {
  return {
    ...address,
    route: hostPortText(address)
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-/, '')
      .slice(-63),
  }
}

function urlOf(address: HostPort): string {
  return `http://${hostPortText(address)}/`
}
