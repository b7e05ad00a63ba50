// The certificates for clients from the start to the end: orders them from an authority, looks whether files have
// changed, renews the keys of session tickets, and says in the log that one is about to expire. Used by
// running-services.ts, which puts them in force.

import { systemClock } from '../base/clock.ts'
import { tlsLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Config } from '../config/schema.ts'
import { challengesOf } from '../config/schema-acme.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import type { CertificateReport } from '../control/certificate-report.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import { Acme, type AcmeSettings } from './acme/acme.ts'
import type { Answers } from './acme/challenges.ts'
import { CertificateExpiry } from './certificate-expiry.ts'
import { fileReports, orderedReport } from './certificate-reports.ts'
import type { Present } from './service-options.ts'
import { WatchedFiles } from './watched-files.ts'

export interface CertificateOwner {
  readonly log: Logger
  /** The host aliases of the registered contexts. */
  readonly aliases: () => Iterable<string>
  /** The files that are in force. */
  readonly tls: () => TlsMaterial
  /** Puts certificates that do not come from files in force. */
  readonly useIssued: (certificates: readonly ServerCertificate[]) => Promise<void>
  readonly useAnswers: (answers: Answers) => Promise<void>
  /** Called when files have changed and stayed the same; must not reject. */
  readonly readAgain: (files: readonly string[]) => Promise<void>
  readonly renewTicketKeys: () => void
}

export class ServedCertificates {
  readonly #tls: () => TlsMaterial
  readonly #acme: Acme
  readonly #watched: WatchedFiles
  readonly #expiry: CertificateExpiry
  readonly #expiryTimer: NodeJS.Timeout
  readonly #ticketTimer: NodeJS.Timeout
  /** Of the files in force, made when they are asked for. */
  #fileReports:
    | { readonly tls: TlsMaterial; readonly list: readonly CertificateReport[] }
    | undefined

  constructor({ log, aliases, tls, ...owner }: CertificateOwner) {
    this.#tls = tls
    this.#acme = new Acme({
      log,
      clock: systemClock,
      random: Math.random,
      useIssued: owner.useIssued,
      aliases,
      useChallenges: owner.useAnswers,
    })
    this.#watched = new WatchedFiles(owner.readAgain)
    this.#expiry = new CertificateExpiry(log, () => this.reports(), systemClock.wall)
    this.#expiryTimer = setInterval(() => this.#expiry.look(), tlsLimits.expiryLookMs)
    this.#expiryTimer.unref()
    this.#ticketTimer = setInterval(owner.renewTicketKeys, tlsLimits.ticketKeyMs)
    this.#ticketTimer.unref()
  }

  /** To be called at the start, and when another configuration or other files are in force. */
  use({ config, tls }: Pick<Present, 'config' | 'tls'>): void {
    this.#acme.use(acmeSettings(config))
    this.#watched.use(tls.files, config.tls.watch)
    this.#expiry.look()
  }

  aliasesChanged(): void {
    this.#acme.aliasesChanged()
  }

  /** The files have changed again while they were read. */
  lookAgain(): void {
    this.#watched.again()
  }

  reports(): readonly CertificateReport[] {
    const tls = this.#tls()
    if (this.#fileReports?.tls !== tls) this.#fileReports = { tls, list: fileReports(tls) }
    return [...this.#fileReports.list, ...this.#acme.orders().map(orderedReport)]
  }

  close(): void {
    this.#acme.close()
    this.#watched.close()
    clearInterval(this.#expiryTimer)
    clearInterval(this.#ticketTimer)
  }
}

const acmeSettings = ({ acme, listen }: Config): AcmeSettings => ({
  ...acme,
  challenges: challengesOf(acme, listen),
})
