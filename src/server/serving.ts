// Puts the services together: registry, traffic and control listener around one table of live numbers.
// Started by `topspin serve`, which reloads, drains and closes it.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { systemClock } from '../base/clock.ts'
import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { mcmpLimits } from '../base/limits.ts'
import { changesFrom } from '../cluster/changes-from.ts'
import { LiveTable } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import type { FixedNode } from '../cluster/registry/fixed.ts'
import { Registry } from '../cluster/registry.ts'
import { markRestored, withoutIdleBalancers } from '../cluster/restored.ts'
import { type Change, emptySnapshot } from '../cluster/snapshot.ts'
import { changedKeys } from '../config/changed-keys.ts'
import type { Config } from '../config/schema.ts'
import { controlSecret } from '../config/secret.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import { cascadeRules, cascadesIn, trafficSettings } from '../config/traffic-settings.ts'
import { startControl } from '../control/start-control.ts'
import { grantedProcessors } from '../host/processors.ts'
import { isLoopback } from '../net/address.ts'
import { NodeTls } from '../net/node-tls.ts'
import { probeWith } from '../net/probe.ts'
import { loadPolicies } from '../proxy/index.ts'
import { startAdvertising } from './advertising.ts'
import type { DataPlane, DataPlaneOptions } from './data-plane.ts'
import { inProcess } from './in-process.ts'
import { StateFile } from './state-file.ts'
import { WorkerPool } from './workers/worker-pool.ts'

/** Where a proxy listens, as URLs. */
export interface Listening {
  readonly traffic: readonly string[]
  readonly control: string
  /** Where it has pages alone, when that is asked for. */
  readonly console?: string
}

export interface Serving {
  readonly listening: Listening
  /** Puts in force what can be changed while running; returns the keys that need a new start. */
  reload(config: Config, tls: TlsMaterial): Promise<string[]>
  /** Takes nothing new, lets what is under way end within the time, then closes. */
  drain(deadlineMs: number): Promise<void>
  /** Ends at once. */
  close(): Promise<void>
}

/** What `reload` puts in force; every other key needs a new start. */
const reloadable =
  /^(to|log\.level|candidacy|balance|tls\.(cert|key|ca|clientAuth)|control\.tls\..*|nodeTls\..*)$/

/**
 * Rejects when an address cannot be listened on, the access log not be opened or a module of candidacy
 * functions not be loaded; then nothing runs.
 */
export async function startServing(
  config: Config,
  tls: TlsMaterial,
  log: Logger,
): Promise<Serving> {
  await loadPolicies(cascadesIn(config))
  const clock = systemClock
  const secret = controlSecret(config.control)
  const { limits } = config.control
  const live = new LiveTable()
  const registry = new Registry({
    // Microseconds, as httpd counts them: another number after each start.
    runId: String(Math.round(clock.wall() * 1_000)),
    waitBeforeRemoveMs: config.control.removeAfter,
    limits: {
      ...mcmpLimits,
      nodesMax: limits.nodes,
      hostsMax: limits.aliases,
      contextsMax: limits.contexts,
    },
  })
  let nodeTls = new NodeTls(tls.nodes)
  if (tls.nodes.verify === false) log.warn({}, 'certificates of nodes are not checked')
  const ticketKeys = randomBytes(48).toString('base64')
  const workers = config.workers ?? (config.control.traffic ? 0 : grantedProcessors())
  const plane = await dataPlane(workers, {
    settings: trafficSettings(config, withTicketKeys(tls, ticketKeys)),
    accessLog: config.accessLog,
    level: config.log.level,
    log,
    snapshot: () => registry.snapshot,
    live,
  })
  const state =
    config.state === undefined
      ? undefined
      : new StateFile({
          path: config.state,
          state: () => changesFrom(registry.snapshot, live),
          log,
        })
  const enforce = async (changes: readonly Change[]): Promise<void> => {
    await Promise.all([plane.apply(changes), state?.keep(changes)])
  }
  const applyFixed = async (addresses: readonly Endpoint[]): Promise<void> => {
    const before = registry.snapshot
    const nodes = addresses.map(fixedNode)
    const dropped = registry.dropFixed(new Set(nodes.map((node) => node.route)), clock.now())
    const changes = [...dropped, ...registry.addFixed(nodes)]
    applyToLive(live, changes, before)
    await enforce(changes)
  }
  const restore = async (): Promise<void> => {
    const changes = registry.restore(withoutIdleBalancers(state?.load() ?? []), clock.now())
    applyToLive(live, changes, emptySnapshot)
    markRestored(registry.snapshot, live, clock.now())
    await plane.apply(changes)
    if (changes.length > 0) log.info({ nodes: registry.snapshot.nodes.size }, 'state restored')
  }
  await restore()
  await applyFixed(config.to)
  const traffic = await plane.listen()
  const control = await startControl({
    listen: config.control.listen,
    console: config.control.console,
    tls: tls.control,
    registry,
    live,
    traffic: {
      apply: enforce,
      notify: (id) => plane.tell(id),
      refresh: () => plane.refresh(),
      workers: () => plane.workers(),
      counts: () => plane.counts(),
      explain: (question) => plane.explain(question),
      accept: config.control.traffic ? plane.take : undefined,
    },
    access: { allow: config.control.allow, secret, nodes: config.control.nodes.allow },
    limits: { messageBytesMax: limits.messageBytes },
    watch: { probe: probeWith(() => nodeTls), statusTimeoutMs: config.control.statusTimeout },
    state: () => state?.report(),
    compat: config.control.compat,
    clock,
    log,
  }).catch(async (error: unknown) => {
    await plane.close()
    throw error
  })
  if (isOpenToAll(config, secret))
    log.warn(
      { control: control.address },
      'whoever reaches the control listener can take all traffic: set control.allow or control.secret',
    )
  await state?.start()
  const advertiser = startAdvertising(
    config,
    control.address,
    tls.control === undefined ? 'http' : 'https',
    log,
  )
  let present = config
  return {
    listening: {
      traffic: traffic.map(urlOf),
      control: urlOf(control.address),
      ...(control.console === undefined ? {} : { console: urlOf(control.console) }),
    },
    async reload(next, nextTls) {
      // Before anything is changed: a module that cannot be loaded leaves all as it was.
      await loadPolicies(cascadesIn(next))
      log.level = next.log.level
      nodeTls = new NodeTls(nextTls.nodes)
      // Whether failover is deterministic needs a new start, as it did.
      const { deterministicFailover } = present
      await plane.reload({
        level: next.log.level,
        rules: cascadeRules({ ...next, deterministicFailover }),
        tls: withTicketKeys(nextTls, ticketKeys),
      })
      const changed = changedKeys(present, next).filter((key) => !reloadable.test(key))
      if (!control.replaceTls(nextTls.control)) changed.push('control.tls')
      const { to, log: logging, candidacy, balance, nodeTls: nodes } = next
      present = { ...present, to, log: logging, candidacy, balance, nodeTls: nodes }
      await applyFixed(next.to)
      return changed
    },
    async drain(deadlineMs) {
      advertiser?.drain()
      control.drain()
      await plane.drain(deadlineMs)
      await advertiser?.close()
      await control.close()
      await state?.close()
    },
    async close() {
      await plane.close()
      await advertiser?.close()
      await control.close()
      await state?.close()
    },
  }
}

/** Reached from elsewhere, and asks for nothing. */
const isOpenToAll = ({ control }: Config, secret: string): boolean =>
  !isLoopback(control.listen.host) &&
  control.allow.length === 0 &&
  secret === '' &&
  control.tls.clientAuth !== 'require'

/** `workers`: how many processes; 0 is this one. */
async function dataPlane(workers: number, options: DataPlaneOptions): Promise<DataPlane> {
  return workers === 0 ? inProcess(options) : new WorkerPool(workers, options)
}

/** Its route is its address, so that sessions find it again after a restart. */
function fixedNode({ tls, ...address }: Endpoint): FixedNode {
  return {
    ...address,
    type: tls === true ? 'https' : 'http',
    route: hostPortText(address)
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-/, '')
      .slice(-63),
  }
}

function urlOf({ tls, ...address }: Endpoint): string {
  return `${tls === true ? 'https' : 'http'}://${hostPortText(address)}/`
}

/** All processes issue tickets with the same keys, so that each resumes the others' sessions. */
function withTicketKeys(tls: TlsMaterial, ticketKeys: string): TlsMaterial {
  return tls.traffic === undefined ? tls : { ...tls, traffic: { ...tls.traffic, ticketKeys } }
}
