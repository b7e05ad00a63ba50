// The certificates that the proxy obtains itself: orders and renews them, one after the other, and puts them in force. A
// failure is logged and repeated later; what is served stays. Made by serving.ts, in the primary alone.

import { isDeepStrictEqual } from 'node:util'
import type { Clock, Random } from '../../base/clock.ts'
import { acmeLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { AcmeConfig } from '../../config/schema-acme.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'
import { CertificateStore, type StoredCertificate } from './certificate-store.ts'
import { OrderError, orderCertificate } from './order.ts'
import { renewalAt, retryMs } from './schedule.ts'

interface AcmeParts {
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  /** Puts these certificates in force everywhere, in place of the earlier ones. */
  readonly useIssued: (certificates: readonly ServerCertificate[]) => Promise<void>
  /** Answers these challenges everywhere: key authorizations by token. */
  readonly useChallenges: (challenges: Readonly<Record<string, string>>) => Promise<void>
}

interface Entry {
  certificate: StoredCertificate | undefined
  /** Wall clock ms of the next look at the store, and of an order when it is due. */
  next: number
  renewAt: number
  failures: number
}

/** What an earlier run, or another proxy, has stored. */
export function storedCertificates({
  names,
  storage,
  directory,
}: AcmeConfig): readonly StoredCertificate[] {
  if (storage === undefined) return []
  const store = new CertificateStore(storage, directory)
  return names.flatMap((name) => store.read(name) ?? [])
}

export class Acme {
  readonly #parts: AcmeParts
  readonly #entries: Map<string, Entry> = new Map()
  #config: AcmeConfig | undefined
  #challenges: Readonly<Record<string, string>> = {}
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #isClosed = false
  #inForce: readonly string[] = []

  constructor(parts: AcmeParts) {
    this.#parts = parts
  }

  /** Follows this configuration from now on; what it no longer names is not served any more. */
  use(config: AcmeConfig): void {
    if (isDeepStrictEqual(config, this.#config)) return
    this.#config = config
    this.#entries.clear()
    for (const name of config.names)
      this.#entries.set(name, { certificate: undefined, next: 0, renewAt: 0, failures: 0 })
    this.#schedule(0)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#isRunning) return
    this.#timer = setTimeout(() => void this.#run(), Math.min(ms, acmeLimits.lookEveryMs))
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const config = this.#config as AcmeConfig
    this.#isRunning = true
    try {
      await this.#renewDue(config)
    } catch (error) {
      this.#parts.log.error(
        { reason: (error as Error).message },
        'ACME certificates not put in force',
      )
    }
    this.#isRunning = false
    if (config !== this.#config) return this.#schedule(0)
    const next = Math.min(...[...this.#entries.values()].map((entry) => entry.next))
    this.#schedule(Math.max(next - this.#parts.clock.wall(), 1_000))
  }

  async #renewDue(config: AcmeConfig): Promise<void> {
    const { names, storage = '', directory } = config
    const store = new CertificateStore(storage, directory)
    if (names.length > 0) store.create()
    for (const name of names) this.#readAgain(name, store, config)
    await this.#publish()
    for (const [name, entry] of [...this.#entries]) {
      if (config !== this.#config || this.#isClosed) return
      if (this.#parts.clock.wall() < entry.next) continue
      await this.#renew(name, entry, store, config)
      await this.#publish()
    }
  }

  /** Takes over a newer certificate, which another proxy may have stored. */
  #readAgain(name: string, store: CertificateStore, { renewBefore }: AcmeConfig): void {
    const entry = this.#entries.get(name)
    const found = store.read(name)
    if (entry === undefined || found === undefined || found.cert === entry.certificate?.cert) return
    entry.certificate = found
    entry.renewAt = renewalAt(found, renewBefore, this.#parts.random)
    entry.next = entry.renewAt
    entry.failures = 0
  }

  async #renew(
    name: string,
    entry: Entry,
    store: CertificateStore,
    config: AcmeConfig,
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
        const made = await orderCertificate(name, config, store, this.#answers)
        await store.write(name, made)
        this.#readAgain(name, store, config)
      } finally {
        await release()
      }
      const { notAfter = 0 } = entry.certificate ?? {}
      log.info({ name, until: new Date(notAfter).toISOString() }, 'certificate obtained by ACME')
    } catch (error) {
      entry.failures += 1
      const failure = error instanceof OrderError ? error : new OrderError(error, 0)
      const ms = retryMs(failure, entry.failures, random)
      entry.next = clock.wall() + ms
      const again = { failures: entry.failures, nextMs: Math.round(ms) }
      log.error(
        { name, reason: failure.message, ...again },
        'no certificate by ACME: the order failed',
      )
    }
  }

  readonly #answers: {
    readonly add: (token: string, text: string) => Promise<void>
    readonly remove: (token: string) => Promise<void>
  } = {
    add: (token, text) => this.#answer({ ...this.#challenges, [token]: text }),
    remove: (token) => {
      const { [token]: _, ...rest } = this.#challenges
      return this.#answer(rest)
    },
  }

  #answer(challenges: Readonly<Record<string, string>>): Promise<void> {
    this.#challenges = challenges
    return this.#parts.useChallenges(challenges)
  }

  async #publish(): Promise<void> {
    const certificates = [...this.#entries.values()].flatMap(({ certificate }) => certificate ?? [])
    const texts = certificates.map(({ cert }) => cert)
    if (isDeepStrictEqual(texts, this.#inForce)) return
    await this.#parts.useIssued(certificates.map(({ cert, key }) => ({ cert, key })))
    this.#inForce = texts
  }
}
