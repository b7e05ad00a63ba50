// The shared registry of `topspin serve`, from the configuration: opens the store, starts and stops the service, and says when
// the proxy is ready. Made by start-serving.ts.

import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../base/clock.ts'
import { type Endpoint, hostPortText } from '../../base/host-port.ts'
import { sharedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Node } from '../../cluster/node.ts'
import type { Facts } from '../../cluster/registry/facts.ts'
import type { Change, Snapshot } from '../../cluster/snapshot.ts'
import type { Config } from '../../config/schema.ts'
import { clusterRisk, defaultProxyName } from '../../config/schema-cluster.ts'
import type { Publish, Sharing, SharingReport, Taken } from '../../control/sharing.ts'
import type { Message } from '../../wire/mcmp/message.ts'
import type { DataPlane } from '../data-plane.ts'
import type { ServedCluster } from '../served-cluster.ts'
import { loadNats, type NatsPackages, NatsStore } from './nats-store.ts'
import { SharedService } from './shared-service.ts'

interface SharedClusterOptions {
  readonly config: Config
  readonly cluster: ServedCluster
  readonly plane: DataPlane
  readonly log: Logger
  /** A process of this proxy was ready already. */
  readonly isReady: boolean
}

/** Rejects with a `TopspinError` when the packages of NATS are missing. @returns `undefined` for a registry of its own. */
export async function sharedCluster(
  options: SharedClusterOptions,
): Promise<SharedCluster | undefined> {
  if (options.config.cluster.nats.length === 0) return undefined
  return new SharedCluster(options, await loadNats())
}

export class SharedCluster implements Sharing {
  readonly #options: SharedClusterOptions
  readonly #packages: NatsPackages
  #control: Endpoint = { host: '', port: 0 }
  #service: SharedService | undefined
  isReady: boolean

  constructor(options: SharedClusterOptions, packages: NatsPackages) {
    this.#options = options
    this.#packages = packages
    this.isReady = options.isReady
  }

  /** @param control address of the control listener; absent: as before. */
  start(control: Endpoint = this.#control): void {
    const { config, cluster, plane, log } = this.#options
    const { name, nats, creds, tls, zone, replicas } = config.cluster
    this.#control = control
    const proxy = config.cluster.proxy ?? defaultProxyName(control.port)
    const risk = clusterRisk(config.cluster)
    if (risk !== undefined)
      log.warn({ cluster: name, risk }, 'others may change the shared registry')
    const store = new NatsStore(
      { name, proxy, servers: nats, credsFile: creds, tls, replicas, log },
      this.#packages,
    )
    this.#service = new SharedService({
      store,
      cluster,
      plane,
      log,
      clock: systemClock,
      name,
      proxy,
      zone,
      control: hostPortText(control),
      statusTimeoutMs: () => config.control.statusTimeout,
    })
    this.#service.start()
  }

  /** Leaves the registry to another process, or ends. */
  async stop(): Promise<void> {
    await this.#service?.close()
  }

  /** Once the store is read; or after a while without it, when there are nodes. */
  async becomesReady(): Promise<void> {
    const { cluster } = this.#options
    const { clock, lateAt } = {
      clock: systemClock,
      lateAt: systemClock.now() + sharedLimits.readyMs,
    }
    while (!this.isReady) {
      const isLate = clock.now() >= lateAt && cluster.registry.snapshot.nodes.size > 0
      this.isReady = this.#service?.isInformed === true || isLate
      // A process that ends does not wait for the store.
      if (!this.isReady) await sleep(50, undefined, { ref: false })
    }
  }

  apply(message: Message, facts: Facts, publish: Publish): Promise<Taken> {
    return this.#running.apply(message, facts, publish)
  }

  removeDead(node: Node, publish: Publish): Promise<void> {
    return this.#running.removeDead(node, publish)
  }

  shareOwn(changes: readonly Change[], before: Snapshot): void {
    this.#running.shareOwn(changes, before)
  }

  mayFallSilent(): boolean {
    return this.#running.mayFallSilent()
  }

  report(): SharingReport {
    return this.#running.report()
  }

  get #running(): SharedService {
    if (this.#service === undefined) throw new Error('the shared registry has not started')
    return this.#service
  }
}
