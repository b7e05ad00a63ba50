// The links to all proxies that exist now. Discovery changes the list at any time: a new proxy gets a registration, and
// at one that is gone this node removes itself. Used by membership.ts.

import { hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import type { ProxyTarget, ProxyTls } from '../net/mcmp-client.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import type { NodeOrder } from '../wire/mcmp/message.ts'
import { Discovery } from './discovery.ts'
import { LinkLog } from './link-log.ts'
import type { LinkState } from './link-state.ts'
import { keyOf, type ProxyAddress } from './proxy-address.ts'
import { ProxyLink } from './proxy-link.ts'
import type { Registration } from './registration.ts'
import type { Settings } from './settings.ts'
import type { WishCount } from './wish-count.ts'

/** The parts of the membership that every link uses. */
interface LinkSource {
  registration(localAddress: string): Registration
  readonly count: WishCount
  /** The load factor to report, -1..100. */
  load(): number
  /** The values behind it. */
  metrics(): readonly MetricValue[]
  /** Whether it comes from default metrics alone. */
  readonly isDefaultLoad: boolean
  /** The state that a link of another process to this proxy (`host:port`) had when this one took over. */
  inherited(proxy: string): LinkState | undefined
  /** Called when a link or the list of links has changed. */
  changed(): void
}

export class Links {
  readonly #settings: Settings
  readonly #source: LinkSource
  readonly #discovery: Discovery
  readonly #byKey: Map<string, ProxyLink> = new Map()
  #isLeaving = false
  #isAbandoned = false

  constructor(settings: Settings, source: LinkSource) {
    this.#settings = settings
    this.#source = source
    this.#discovery = new Discovery({
      listed: settings.proxies,
      advertise: settings.advertise,
      isReached: (proxy) => this.#byKey.get(keyOf(proxy))?.state.kind === 'report',
      changed: (proxies) => this.#update(proxies),
      log: settings.log,
    })
  }

  get all(): readonly ProxyLink[] {
    return [...this.#byKey.values()]
  }

  /** Resolves when every proxy known by then has registered this node or the first attempt has failed. */
  async start(): Promise<void> {
    await this.#discovery.start()
    await Promise.all(this.all.map((link) => link.tried))
  }

  /** Ends discovery and all attempts to register; messages in progress are finished first. */
  beginLeaving(): void {
    this.#isLeaving = true
    this.#discovery.close()
    for (const link of this.all) link.beginLeaving()
  }

  /** Ends all links while the node stays registered: another process continues. */
  abandon(): void {
    this.#isAbandoned = true
    this.close()
  }

  close(): void {
    this.#discovery.close()
    for (const link of this.all) link.close()
  }

  #update(proxies: readonly ProxyAddress[]): void {
    if (this.#isLeaving) return
    const keys = new Set(proxies.map(keyOf))
    for (const [key, link] of this.#byKey) {
      if (keys.has(key)) continue
      this.#byKey.delete(key)
      this.#settings.log.info({ proxy: link.name }, 'proxy is gone')
      void link.remove(agentLimits.removeMs, this.#source.count.passedOver)
    }
    for (const proxy of proxies) {
      const key = keyOf(proxy)
      if (this.#byKey.has(key) || this.#byKey.size >= agentLimits.proxiesMax) continue
      const link = this.#linkTo(proxy)
      this.#byKey.set(key, link)
      link.start(this.#source.inherited(link.name))
    }
    this.#source.changed()
  }

  #linkTo(proxy: ProxyAddress): ProxyLink {
    const { log, config, tls, reportIntervalMs } = this.#settings
    const logged = new LinkLog(hostPortText(proxy), config.route, log)
    return new ProxyLink({
      proxy: targetOf(proxy, tls),
      secret: this.#secretFor(proxy),
      route: config.route,
      reportIntervalMs,
      registration: this.#source.registration,
      order: () => this.#source.count.present,
      outdated: (known) => this.#outdo(known),
      load: this.#source.load,
      metrics: this.#source.metrics,
      isDefaultLoad: this.#source.isDefaultLoad,
      random: Math.random,
      log,
      changed: (before, state, address) => {
        if (!this.#isAbandoned) logged.report(before, state, address)
        this.#source.changed()
      },
    })
  }

  #outdo(known: NodeOrder): void {
    if (!this.#source.count.outdo(known)) return
    const { config, log } = this.#settings
    log.info({ route: config.route }, 'proxies know a later start of this node: registering anew')
    for (const link of this.all) link.renew()
  }

  /** An unauthenticated advertised proxy does not receive the secret. */
  #secretFor(proxy: ProxyAddress): string | undefined {
    const { advertise, secret } = this.#settings
    const isAuthenticated = advertise?.requireMac === true && advertise.key !== ''
    return proxy.isAdvertised === true && !isAuthenticated ? undefined : secret
  }
}

/** The certificate must have the name that the proxy was found by; of `_service._tcp.domain` that is the domain. */
function targetOf({ host, port, tls, name }: ProxyAddress, options: ProxyTls): ProxyTarget {
  if (tls !== true) return { host, port }
  const found = name?.replace(/^_[^.]+\._[^.]+\./, '')
  return { host, port, tls: { ...options, servername: options.servername ?? found } }
}
