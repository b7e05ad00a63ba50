// One Envoy's stream of the aggregated discovery service, state of the world: which response it gets next, and what it has
// acknowledged. Pure; xds-server.ts has the connection and the clock.
//
// Envoy gets what is new in the order clusters, endpoints, routes, and loses it the other way round: a cluster goes when
// the routes without it are acknowledged. One response of a type is under way at a time.

import { xdsLimits } from '../../../base/limits.ts'
import { type ResourceKind, resourceTypes } from './messages.ts'
import type { ResourceSet } from './resources.ts'

export interface DiscoveryRequest {
  readonly typeUrl: string
  readonly resourceNames: readonly string[]
  readonly responseNonce: string
  /** Why the response with this nonce is refused; `undefined`: it is accepted. */
  readonly refusal: string | undefined
}

export interface DiscoveryResponse {
  readonly kind: ResourceKind
  readonly version: number
  readonly nonce: string
  readonly resources: readonly Uint8Array[]
}

interface Subscription {
  /** `undefined`: all. */
  names: ReadonlySet<string> | undefined
  /** What Envoy has, or is about to have. */
  readonly has: Map<string, Uint8Array>
  nonce: string
  /** The response under way. */
  pending: { readonly version: number } | undefined
  sentAt: number
  /** The newest version that is in force. */
  version: number
  refusal: string | undefined
}

const order: readonly ResourceKind[] = ['clusters', 'endpoints', 'listeners', 'routes']
const kindOf = new Map<string, ResourceKind>(order.map((kind) => [resourceTypes[kind], kind]))

export class AdsStream {
  readonly #subscriptions: Map<ResourceKind, Subscription> = new Map()
  #count = 0

  /** @returns whether it was an answer to a response, or a subscription; others are late and change nothing. */
  receive({ typeUrl, resourceNames, responseNonce, refusal }: DiscoveryRequest): boolean {
    const kind = kindOf.get(typeUrl)
    if (kind === undefined) return false
    let subscription = this.#subscriptions.get(kind)
    if (subscription === undefined) {
      subscription = newSubscription()
      this.#subscriptions.set(kind, subscription)
    } else if (responseNonce !== subscription.nonce) return false
    this.#name(subscription, kind, resourceNames)
    const { pending } = subscription
    if (pending === undefined) return true
    subscription.pending = undefined
    subscription.version = pending.version
    subscription.refusal = refusal
    return true
  }

  /** The responses to be sent now. @param isUrgent the pace does not matter. */
  next(set: ResourceSet, now: number, isUrgent: boolean): DiscoveryResponse[] {
    const responses: DiscoveryResponse[] = []
    for (const kind of order) {
      const subscription = this.#subscriptions.get(kind)
      if (subscription === undefined || subscription.pending !== undefined) continue
      if (kind === 'routes' && !this.#mayRoute(set)) continue
      const wanted = this.#wanted(kind, set, subscription)
      if (wanted === undefined) {
        subscription.version = set.version
        continue
      }
      if (!isUrgent && now - subscription.sentAt < xdsLimits.gapMs) continue
      responses.push(this.#response(kind, set, subscription, wanted, now))
    }
    return responses
  }

  /** The newest version of which Envoy has everything in force that it has subscribed to. */
  get version(): number {
    const versions = [...this.#subscriptions.values()].map(({ version }) => version)
    return Math.min(...versions)
  }

  /** Whether a response is under way, to which Envoy will answer. */
  get isAnswerDue(): boolean {
    return [...this.#subscriptions.values()].some(({ pending }) => pending !== undefined)
  }

  /** What it has refused, the last time for each type. */
  get refusals(): readonly string[] {
    return [...this.#subscriptions].flatMap(([kind, { refusal }]) =>
      refusal === undefined ? [] : [`${kind}: ${refusal}`],
    )
  }

  /** Names that are new are sent, also those that were subscribed to before. */
  #name(subscription: Subscription, kind: ResourceKind, given: readonly string[]): void {
    if (kind === 'clusters' || kind === 'listeners') return
    const names = new Set(given)
    for (const name of subscription.has.keys()) if (!names.has(name)) subscription.has.delete(name)
    subscription.names = names
  }

  /** What is to be sent; `undefined`: nothing. */
  #wanted(
    kind: ResourceKind,
    { resources }: ResourceSet,
    { has, names }: Subscription,
  ): ReadonlyMap<string, Uint8Array> | undefined {
    const all = resources[kind]
    if (names !== undefined) {
      const changed = [...all].filter(([name, bytes]) => names.has(name) && has.get(name) !== bytes)
      return changed.length === 0 ? undefined : new Map(changed)
    }
    const lingering = kind === 'clusters' && !this.#hasRoutesOf(resources) ? has : new Map()
    const wanted = new Map([...lingering, ...all])
    const isSame =
      wanted.size === has.size && [...wanted].every(([name, bytes]) => has.get(name) === bytes)
    return isSame && this.#isAnswered(kind) ? undefined : wanted
  }

  /** An empty list is an answer, too. */
  #isAnswered(kind: ResourceKind): boolean {
    return this.#subscriptions.get(kind)?.nonce !== ''
  }

  /** Whether Envoy uses the present routes, so that clusters of earlier ones may go. */
  #hasRoutesOf(resources: ResourceSet['resources']): boolean {
    const routes = this.#subscriptions.get('routes')
    if (routes === undefined || routes.pending !== undefined) return routes === undefined
    return [...routes.has].every(([name, bytes]) => resources.routes.get(name) === bytes)
  }

  /** Routes follow the clusters and endpoints that they lead to, unless Envoy has refused one of these. */
  #mayRoute({ version }: ResourceSet): boolean {
    return (['clusters', 'endpoints'] as const).every((kind) => {
      const subscription = this.#subscriptions.get(kind)
      if (subscription === undefined) return kind !== 'endpoints' || !this.#hasClusters()
      return subscription.pending === undefined && subscription.version === version
    })
  }

  /** Envoy subscribes to endpoints when it has a cluster. */
  #hasClusters(): boolean {
    return (this.#subscriptions.get('clusters')?.has.size ?? 0) > 0
  }

  #response(
    kind: ResourceKind,
    { version }: ResourceSet,
    subscription: Subscription,
    wanted: ReadonlyMap<string, Uint8Array>,
    now: number,
  ): DiscoveryResponse {
    this.#count += 1
    const { has } = subscription
    for (const [name, bytes] of wanted) {
      // A cluster that is replaced waits for its endpoints again, a listener for its routes.
      if (has.get(name) !== bytes) this.#forgetBelow(kind, name)
      has.set(name, bytes)
    }
    if (subscription.names === undefined)
      for (const name of has.keys()) if (!wanted.has(name)) has.delete(name)
    subscription.nonce = String(this.#count)
    subscription.pending = { version }
    subscription.sentAt = now
    return { kind, version, nonce: subscription.nonce, resources: [...wanted.values()] }
  }

  #forgetBelow(kind: ResourceKind, name: string): void {
    if (kind === 'clusters') this.#subscriptions.get('endpoints')?.has.delete(name)
    if (kind === 'listeners') this.#subscriptions.get('routes')?.has.clear()
  }
}

const newSubscription = (): Subscription => ({
  names: undefined,
  has: new Map(),
  nonce: '',
  pending: undefined,
  sentAt: Number.NEGATIVE_INFINITY,
  version: -1,
  refusal: undefined,
})
