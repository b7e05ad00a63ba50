// The certificates that the proxy obtains itself: orders and renews them, one after the other, and puts them in force. A
// failure is logged and repeated later; what is served stays. Made by served-certificates.ts, in the primary alone.

import { isDeepStrictEqual } from 'node:util'
import type { Clock, Random } from '../../base/clock.ts'
import { acmeLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { pause } from '../../base/wait.ts'
import { type AcmeConfig, isAllowedName, isDnsName, usesAcme } from '../../config/schema-acme.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'
import type { OrderedName } from '../certificate-reports.ts'
import { CertificateStore, type StoredCertificate } from './certificate-store.ts'
import { type Answers, type ChallengeAnswer, Challenges } from './challenges.ts'
import { type ChallengeType, OrderError, orderCertificate } from './order.ts'
import { renewalInfo } from './renewal-info.ts'
import { infoAgainMs, type RenewalWindow, renewalAt, renewalIn, retryMs } from './schedule.ts'

interface AcmeParts {
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  /** The host aliases of the registered contexts, as they were sent. */
  readonly aliases: () => Iterable<string>
  /** Puts these certificates in force everywhere, in place of the earlier ones. */
  readonly useIssued: (certificates: readonly ServerCertificate[]) => Promise<void>
  /** Answers these challenges everywhere, in place of the earlier ones. */
  readonly useChallenges: (answers: Answers) => Promise<void>
}

/** What an authority is asked for, and how it can validate the names. */
export interface AcmeSettings extends AcmeConfig {
  readonly challenges: readonly ChallengeType[]
}

interface Entry {
  certificate: StoredCertificate | undefined
  /** It is in the configuration, or an alias of a node now; otherwise its certificate is served and not renewed. */
  isWanted: boolean
  /** Wall clock ms of the next look at the store, and of an order when it is due. */
  next: number
  failures: number
  /** Orders that the authority has refused since the last good one. */
  refusals: number
  /** Of the file that was read. */
  stamp: string
  /** Why the last order has failed. */
  error: string | undefined
  /** When the authority is asked for renewal information, wall clock ms. */
  infoAt: number
  /** What it has said last. */
  window: RenewalWindow | undefined
}

const never = Number.POSITIVE_INFINITY

const isNamed = ({ names, allow }: AcmeConfig, name: string): boolean =>
  names.includes(name) || isAllowedName(name, allow)

/** What an earlier run, or another proxy, has stored. */
export function storedCertificates(config: AcmeConfig): readonly StoredCertificate[] {
  const { storage, directory } = config
  if (storage === undefined) return []
  const store = new CertificateStore(storage, directory)
  return namesIn(store, config).flatMap((name) => store.read(name) ?? [])
}

/** Those of the configuration, and those of aliases in the storage. */
const namesIn = (store: CertificateStore, config: AcmeConfig): readonly string[] => {
  const { names, allow } = config
  const stored = allow.length === 0 ? [] : store.names().filter((name) => isNamed(config, name))
  return [...new Set([...names, ...stored.slice(0, acmeLimits.aliasesMax)])]
}

export class Acme {
  readonly #parts: AcmeParts
  readonly #entries: Map<string, Entry> = new Map()
  readonly #challenges: Challenges
  #config: AcmeSettings | undefined
  #timer: NodeJS.Timeout | undefined
  #aliasTimer: NodeJS.Timeout | undefined
  #storeTimer: NodeJS.Timeout | undefined
  /** Of the storage, at the last look. */
  #changes = ''
  #isLooking = false
  #isRunning = false
  /** The next run is to begin at once. */
  #isChanged = false
  #isClosed = false
  #inForce: readonly string[] = []

  constructor(parts: AcmeParts) {
    this.#parts = parts
    this.#challenges = new Challenges(parts.useChallenges)
  }

  /** Follows this configuration from now on; what it no longer names is not served any more. */
  use(config: AcmeSettings): void {
    if (isDeepStrictEqual(config, this.#config)) return
    this.#config = config
    this.#entries.clear()
    for (const name of config.names) this.#entry(name)
    this.#begin()
    this.#changes = ''
    if (this.#isLooking || !usesAcme(config)) return
    this.#isLooking = true
    void this.#lookAtStore()
  }

  /** Nodes have registered aliases, or taken them back. */
  aliasesChanged(): void {
    const isUsed = (this.#config?.allow.length ?? 0) > 0
    if (!isUsed || this.#isClosed || this.#aliasTimer !== undefined) return
    this.#aliasTimer = setTimeout(() => {
      this.#aliasTimer = undefined
      this.#begin()
    }, acmeLimits.aliasesMs)
    this.#aliasTimer.unref()
  }

  /** The names with their certificates and what comes next. */
  orders(): readonly OrderedName[] {
    return [...this.#entries].map(([name, { certificate, next, failures, error = null }]) => ({
      name,
      certificate,
      renewal: { at: new Date(next).toISOString(), failures, error },
    }))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#aliasTimer)
    clearTimeout(this.#storeTimer)
  }

  #entry(name: string): Entry {
    const found = this.#entries.get(name)
    if (found !== undefined) return found
    const entry: Entry = {
      certificate: undefined,
      isWanted: true,
      next: 0,
      failures: 0,
      refusals: 0,
      stamp: '',
      error: undefined,
      infoAt: never,
      window: undefined,
    }
    this.#entries.set(name, entry)
    return entry
  }

  #begin(): void {
    this.#isChanged = true
    this.#schedule(0)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#isRunning) return
    this.#timer = setTimeout(() => void this.#run(), Math.min(ms, acmeLimits.lookEveryMs))
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const config = this.#config as AcmeSettings
    this.#isRunning = true
    this.#isChanged = false
    try {
      await this.#renewDue(config)
    } catch (error) {
      this.#parts.log.error(
        { reason: (error as Error).message },
        'ACME certificates not put in force',
      )
    }
    this.#isRunning = false
    if (this.#isChanged) return this.#schedule(0)
    const times = [...this.#entries.values()].map(({ isWanted, next, infoAt }) =>
      isWanted ? Math.min(next, infoAt) : never,
    )
    this.#schedule(Math.max(Math.min(...times) - this.#parts.clock.wall(), 1_000))
  }

  async #renewDue(config: AcmeSettings): Promise<void> {
    const { storage = '', directory } = config
    const store = new CertificateStore(storage, directory)
    this.#followAliases(config, store)
    if (this.#entries.size > 0) store.create()
    for (const name of this.#entries.keys()) this.#readAgain(name, store, config)
    await this.#publish()
    for (const [name, entry] of [...this.#entries]) {
      if (config !== this.#config || this.#isClosed) return
      if (!entry.isWanted) continue
      await this.#askInfo(name, entry, config)
      if (this.#parts.clock.wall() < entry.next) continue
      await this.#renew(name, entry, store, config)
      await this.#publish()
    }
  }

  /** Takes up the names that `allow` allows, and those that are stored, and forgets what is of no use any more. */
  #followAliases(config: AcmeSettings, store: CertificateStore): void {
    const { names, allow } = config
    if (allow.length === 0) return
    const wanted = new Set(names)
    let left = 0
    for (const alias of this.#parts.aliases()) {
      const name = alias.toLowerCase()
      if (wanted.has(name) || !isDnsName(name) || !isAllowedName(name, allow)) continue
      if (wanted.size - names.length < acmeLimits.aliasesMax) wanted.add(name)
      else left += 1
    }
    if (left > 0)
      this.#parts.log.warn({ limit: acmeLimits.aliasesMax, left }, 'too many aliases for ACME')
    for (const name of [...namesIn(store, config), ...wanted]) this.#entry(name)
    const now = this.#parts.clock.wall()
    for (const [name, entry] of this.#entries) {
      entry.isWanted = wanted.has(name)
      const isOver = (entry.certificate?.notAfter ?? store.read(name)?.notAfter ?? 0) <= now
      if (!entry.isWanted && isOver) this.#entries.delete(name)
    }
  }

  /** Takes over a newer certificate, which another proxy may have stored. */
  #readAgain(name: string, store: CertificateStore, { renewBefore }: AcmeConfig): void {
    const entry = this.#entries.get(name)
    const stamp = store.stamp(name)
    if (entry === undefined || stamp === entry.stamp) return
    const found = store.read(name)
    entry.stamp = stamp
    if (found === undefined || found.cert === entry.certificate?.cert) return
    entry.certificate = found
    entry.refusals = 0
    entry.next = renewalAt(found, renewBefore, this.#parts.random)
    entry.failures = 0
    entry.error = undefined
    entry.infoAt = 0
    entry.window = undefined
  }

  /** Renews when the authority suggests it, if it does; else as `renewalAt` says. */
  async #askInfo(name: string, entry: Entry, config: AcmeSettings): Promise<void> {
    const { log, clock, random } = this.#parts
    const { certificate } = entry
    if (certificate === undefined || clock.wall() < entry.infoAt) return
    let askedMs = 0
    try {
      const info = await renewalInfo(certificate.cert, config)
      askedMs = info?.retryAfterMs ?? 0
      if (info !== undefined && !isSame(info, entry.window)) {
        const { start, end } = info
        entry.window = { start, end }
        entry.next = renewalIn(info, certificate, config.renewBefore, random)
        const at = new Date(entry.next).toISOString()
        log.info({ name, at }, 'renewal suggested by the authority')
      }
    } catch (error) {
      log.debug({ name, reason: (error as Error).message }, 'no renewal information')
    }
    entry.infoAt = clock.wall() + infoAgainMs(askedMs, random)
  }

  async #renew(
    name: string,
    entry: Entry,
    store: CertificateStore,
    config: AcmeSettings,
  ): Promise<void> {
    const { log, clock, random } = this.#parts
    try {
      const release = await store.lock(name)
      if (release === undefined) {
        entry.next = clock.wall() + acmeLimits.lockLookMs
        return
      }
      try {
        // Another proxy may have had the lock until now.
        this.#readAgain(name, store, config)
        if (clock.wall() < entry.next) return
        await store.write(name, await this.#order(name, entry, store, config))
        this.#readAgain(name, store, config)
      } finally {
        await release()
      }
      const { notAfter = 0 } = entry.certificate ?? {}
      log.info({ name, until: new Date(notAfter).toISOString() }, 'certificate obtained by ACME')
    } catch (error) {
      entry.failures += 1
      const failure = error instanceof OrderError ? error : new OrderError(error, 0)
      entry.error = failure.message
      if (!failure.isUnreachable) entry.refusals += 1
      const ms = retryMs(failure, entry.failures, random)
      entry.next = clock.wall() + ms
      const again = { failures: entry.failures, nextMs: Math.round(ms) }
      log.error(
        { name, reason: failure.message, ...again },
        'no certificate by ACME: the order failed',
      )
    }
  }

  /** After a failure by the next of the challenges, and as a new order. */
  #order(
    name: string,
    { refusals, certificate }: Entry,
    store: CertificateStore,
    config: AcmeSettings,
  ): Promise<ServerCertificate> {
    const { challenges } = config
    const first = refusals % challenges.length
    const ordered = {
      name,
      challenges: [...challenges.slice(first), ...challenges.slice(0, first)],
      replaces: refusals === 0 ? certificate?.cert : undefined,
      answer: (answer: ChallengeAnswer) => this.#answer(answer, name, store),
    }
    return orderCertificate(ordered, config, store)
  }

  async #answer(
    answer: ChallengeAnswer,
    name: string,
    store: CertificateStore,
  ): Promise<() => Promise<void>> {
    const end = await this.#challenges.add(answer)
    const remove = await store.shareAnswer(name, answer)
    await pause(acmeLimits.spreadMs)
    return async () => {
      await remove()
      // A look at the storage may have found this answer, too.
      await this.#challenges.share(store.answers())
      await end()
    }
  }

  /** Other proxies that share the storage have written or removed something. */
  async #lookAtStore(): Promise<void> {
    const { storage = '', directory = '' } = this.#config ?? {}
    try {
      if (storage !== '') await this.#follow(new CertificateStore(storage, directory))
    } catch (error) {
      const reason = (error as Error).message
      this.#parts.log.error({ reason }, 'answers to ACME challenges not put in force')
    }
    if (this.#isClosed) return
    this.#storeTimer = setTimeout(() => void this.#lookAtStore(), acmeLimits.storeLookMs)
    this.#storeTimer.unref()
  }

  async #follow(store: CertificateStore): Promise<void> {
    const changes = await store.changes()
    if (changes === this.#changes) return
    this.#changes = changes
    await this.#challenges.share(store.answers())
    // What this proxy orders changes the storage, too.
    if (!this.#isRunning) this.#begin()
  }

  async #publish(): Promise<void> {
    const certificates = [...this.#entries.values()].flatMap(({ certificate }) => certificate ?? [])
    const texts = certificates.map(({ cert }) => cert)
    if (isDeepStrictEqual(texts, this.#inForce)) return
    await this.#parts.useIssued(certificates.map(({ cert, key }) => ({ cert, key })))
    this.#inForce = texts
  }
}

const isSame = (a: RenewalWindow, b: RenewalWindow | undefined): boolean =>
  a.start === b?.start && a.end === b.end
