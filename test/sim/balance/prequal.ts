// Prequal (Wydrowski and others, NSDI 2024) with asynchronous probes: each proxy keeps a pool of answers in which servers
// report how many requests they have and what one takes now. Among those below a quantile of the counts the quickest wins.

import type { RuleMaker, World } from './rule.ts'

interface Answer {
  readonly server: number
  readonly at: number
  count: number
  readonly latencyMs: number
  usesLeft: number
}

export interface PrequalGiven {
  /** A server with more requests than this quantile of those seen is hot. The paper's 0.84; tuned here: 0.5. */
  readonly hotQuantile: number
}

const probesPerRequest = 3
const poolMax = 16
const answerMaxMs = 1_000
/** Of the paper: how much faster than it is used up the pool is refilled, and answers removed for each request. */
const delta = 1
const removedPerRequest = 1
/** Counts that the quantile is of, and choices for which it holds. */
const countsKept = 128
const quantileEvery = 16
/** Errors are not in the paper: a server that fails more than this counts as hot and as full. */
const failingShare = 0.3
const errorWeight = 0.2
const full = 1e6

export const prequal =
  ({ hotQuantile }: PrequalGiven): RuleMaker =>
  (world) => {
    const proxies = Array.from(
      { length: world.proxies },
      (_, proxy) => new Pool(world, proxy, hotQuantile),
    )
    return {
      choose: (proxy) => proxies[proxy]!.choose(),
      sent() {},
      ended: ({ proxy, server }, isGood) => proxies[proxy]!.ended(server, isGood),
      memberChanged() {},
      probed: (proxy, server, count, latencyMs) => proxies[proxy]!.add(server, count, latencyMs),
    }
  }

class Pool {
  readonly #world: World
  readonly #proxy: number
  readonly #hotQuantile: number
  readonly #errors: Float64Array
  readonly #counts: number[] = []
  #answers: Answer[] = []
  #hotAbove = Number.POSITIVE_INFINITY
  #choices = 0

  constructor(world: World, proxy: number, hotQuantile: number) {
    this.#world = world
    this.#proxy = proxy
    this.#hotQuantile = hotQuantile
    this.#errors = new Float64Array(world.servers.length)
  }

  choose(): number {
    const { members, random, now, servers } = this.#world
    const draw = (): number => members[Math.floor(random() * members.length)]!
    const asked = new Set<number>()
    for (let tries = 0; asked.size < probesPerRequest && tries < 24; tries++) asked.add(draw())
    for (const server of asked) this.#world.probe(this.#proxy, server)
    this.#answers = this.#answers.filter(
      ({ at, usesLeft, server }) =>
        now - at <= answerMaxMs && usesLeft > 0 && servers[server]!.isMember,
    )
    if (this.#answers.length < 2) return draw()
    this.#findHot()
    const best = this.#answers.reduce((a, b) => (this.#isBetter(b, a) ? b : a))
    best.count++
    best.usesLeft--
    this.#remove()
    return best.server
  }

  add(server: number, count: number, latencyMs: number): void {
    this.#counts.push(count)
    if (this.#counts.length > countsKept) this.#counts.shift()
    if (this.#answers.length >= poolMax) this.#answers.shift()
    const at = this.#world.now
    this.#answers.push({ server, at, count, latencyMs, usesLeft: this.#uses() })
  }

  ended(server: number, isGood: boolean): void {
    const share = this.#errors[server]!
    this.#errors[server] = share + errorWeight * ((isGood ? 0 : 1) - share)
  }

  /** How often one answer may be used. */
  #uses(): number {
    const servers = this.#world.members.length
    const spare = (1 - Math.min(poolMax, servers) / servers) * probesPerRequest - removedPerRequest
    return spare <= 0 ? Number.POSITIVE_INFINITY : Math.max(1, (1 + delta) / spare)
  }

  #findHot(): void {
    if (this.#choices++ % quantileEvery !== 0) return
    const sorted = this.#counts.toSorted((a, b) => a - b)
    this.#hotAbove = sorted[Math.floor(this.#hotQuantile * (sorted.length - 1))]!
  }

  #fails({ server }: Answer): boolean {
    return this.#errors[server]! > failingShare
  }

  #isHot(answer: Answer): boolean {
    return answer.count > this.#hotAbove || this.#fails(answer)
  }

  /** Cold before hot; of cold ones the quicker, of hot ones the one with less to do. */
  #isBetter(a: Answer, b: Answer): boolean {
    const isHot = this.#isHot(a)
    if (isHot !== this.#isHot(b)) return !isHot
    if (!isHot) return a.latencyMs < b.latencyMs
    const load = (answer: Answer): number => answer.count + (this.#fails(answer) ? full : 0)
    return load(a) < load(b)
  }

  /** In turn the oldest answer and the worst one. */
  #remove(): void {
    const answers = this.#answers
    if (answers.length <= 2) return
    let at = 0
    if (this.#choices % 2 === 0) {
      answers.forEach((answer, index) => {
        if (this.#isBetter(answers[at]!, answer)) at = index
      })
    }
    answers.splice(at, 1)
  }
}
