// A link to every proxy that is there now. Which those are may change at any time (discovery.ts); a proxy
// that comes is registered with, one that goes is told goodbye.

import { hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import type { ProxyTarget, ProxyTls } from '../net/mcmp-client.ts'
import { Discovery, keyOf, type ProxyAddress } from './discovery.ts'
import type { Settings } from './options.ts'
import { type LinkOptions, ProxyLink } from './proxy-link.ts'

export class Links {
  readonly #settings: Settings
  readonly #options: Omit<LinkOptions, 'proxy' | 'changed'>
  readonly #changed: () => void
  readonly #discovery: Discovery
  readonly #byKey: Map<string, ProxyLink> = new Map()
  /** Whether proxies that come now are registered with. */
  #open = true

  constructor(
    settings: Settings,
    options: Omit<LinkOptions, 'proxy' | 'changed'>,
    changed: () => void,
  ) {
    this.#settings = settings
    this.#options = options
    this.#changed = changed
    this.#discovery = new Discovery({
      listed: settings.proxies,
      advertise: settings.advertise,
      isReached: (proxy) => this.#byKey.get(keyOf(proxy))?.state.kind === 'report',
      changed: (proxies) => this.#set(proxies),
      log: settings.log,
    })
  }

  get all(): readonly ProxyLink[] {
    return [...this.#byKey.values()]
  }

  /** Settled when every proxy known by then has registered this node, or has failed to for the first time. */
  async start(): Promise<void> {
    await this.#discovery.start()
    await Promise.all(this.all.map((link) => link.tried))
  }

  /** From now on no proxy is registered with, anew or again; what is being sent is finished first. */
  beginLeaving(): void {
    this.#open = false
    this.#discovery.close()
    for (const link of this.all) link.beginLeaving()
  }

  close(): void {
    this.#discovery.close()
    for (const link of this.all) link.close()
  }

  #set(proxies: readonly ProxyAddress[]): void {
    if (!this.#open) return
    const wanted = new Set(proxies.map(keyOf))
    for (const [key, link] of this.#byKey) {
      if (wanted.has(key)) continue
      this.#byKey.delete(key)
      this.#settings.log.info({ proxy: link.name }, 'proxy is gone')
      void link.remove(this.#settings.config.route, agentLimits.removeMs)
    }
    for (const proxy of proxies) {
      const key = keyOf(proxy)
      if (this.#byKey.has(key) || this.#byKey.size >= agentLimits.proxiesMax) continue
      const link = this.#link(proxy)
      this.#byKey.set(key, link)
      link.start()
    }
    this.#changed()
  }

  /** What is heard of proxies comes from who has the key, addresses included. */
  get #areSealed(): boolean {
    const { advertise } = this.#settings
    return advertise?.requireMac === true && advertise.key !== ''
  }

  /** A proxy of which anybody may have told is not shown the secret. */
  #link(proxy: ProxyAddress): ProxyLink {
    const { log, config } = this.#settings
    const name = hostPortText(proxy)
    const { secret } = this.#options
    return new ProxyLink({
      ...this.#options,
      secret: proxy.isHeard === true && !this.#areSealed ? undefined : secret,
      proxy: targetOf(proxy, this.#settings.tls),
      changed: (state) => {
        const detail = { proxy: name, route: config.route, ...state }
        // Once for each time that a proxy goes missing, not for each try.
        if (state.kind === 'discover' && state.failures === 1)
          log.warn(detail, 'not registered with this proxy: it is tried again and again')
        else log.info(detail, `proxy link: ${state.kind}`)
        this.#changed()
      },
    })
  }
}

/** The certificate carries the name by which the proxy was found, whatever address that stands for. */
function targetOf({ host, port, tls, name }: ProxyAddress, given: ProxyTls): ProxyTarget {
  if (tls !== true) return { host, port }
  // Behind `_service._tcp.` the domain.
  const found = name?.replace(/^_[^.]+\._[^.]+\./, '')
  return { host, port, tls: { ...given, servername: given.servername ?? found } }
}
