// The services of `topspin serve` from the start to the end: reloads, drains, hands over and closes them.

import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { tlsLimits, upgradeLimits } from '../base/limits.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { pause } from '../base/wait.ts'
import { effectiveValues } from '../config/effective.ts'
import { changedKeys, withValuesOf } from '../config/keys.ts'
import type { Origins } from '../config/origins.ts'
import { type ConfigProblem, formatProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { controlSecret, controlTokens } from '../config/secret.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import type { CertificateReport } from '../control/certificate-report.ts'
import type { ConfigurationValue, ListenerReport } from '../control/inspection.ts'
import { handshakeProblem } from '../net/handshake-check.ts'
import { NodeTls } from '../net/node-tls.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import { isOpenHandle } from '../node-internals/listen-handle.ts'
import type { Answers } from './acme/challenges.ts'
import type { DataPlane } from './data-plane.ts'
import { listenPlaces } from './inherited-sockets.ts'
import { listenerReports } from './inspect.ts'
import { allPlaces, noteFiles } from './opened-sockets.ts'
import {
  filesByUse,
  keysForRestart,
  outagesOf,
  readTlsAgain,
  reloadProblems,
  type WouldBeEmpty,
} from './reload-check.ts'
import { ServedCertificates } from './served-certificates.ts'
import { controlOptions, type Parts, type Present, planeSettings } from './service-options.ts'
import type { Listening, ReloadResult, Serving } from './serving.ts'
import { warnOfRisks } from './start-warnings.ts'
import { type HandOverResult, handOver } from './upgrade/hand-over.ts'
import type { Launch, Successor } from './upgrade/successor.ts'
import { stampsOf } from './watched-files.ts'

export const newTicketKeys = (): string => randomBytes(tlsLimits.ticketKeyBytes).toString('base64')

export class RunningServices implements Serving {
  readonly #parts: Parts
  #present: Present
  readonly #certificates: ServedCertificates
  /** The last of the changes, which follow one another. */
  #turn: Promise<unknown> = Promise.resolve()
  #isDraining = false
  /** Ends the drain delay. */
  readonly #closing: AbortController = new AbortController()

  constructor(parts: Parts, present: Present) {
    const { log, cluster } = parts
    this.#parts = parts
    this.#present = present
    this.#certificates = new ServedCertificates({
      log,
      aliases: () => cluster.aliases(),
      tls: () => this.#present.tls,
      useIssued: (certificates) => this.useIssued(certificates),
      useAnswers: (answers) => this.#useAnswers(answers),
      readAgain: (files) => this.#readAgain(files),
      renewTicketKeys: () => void this.#renewTicketKeys(),
    })
    cluster.onChanges = (changes) => {
      if (changes.some(({ kind }) => kind === 'contexts')) this.#certificates.aliasesChanged()
    }
    this.#certificates.use(present)
  }

  get listening(): Listening {
    const { control, health } = this.#parts
    const { console } = control
    return {
      traffic: this.#present.traffic.map(urlOf),
      ...(control.isListening ? { control: urlOf(control.address) } : {}),
      ...(console === undefined ? {} : { console: urlOf(console) }),
      ...(health.address === undefined ? {} : { health: urlOf(health.address) }),
    }
  }

  /** Those in force, for clients. */
  certificates(): readonly CertificateReport[] {
    return this.#certificates.reports()
  }

  listeners(): readonly ListenerReport[] {
    return listenerReports(this.#present, this.#parts)
  }

  configuration(): readonly ConfigurationValue[] {
    const { config, origins, restartKeys } = this.#present
    return effectiveValues(config, origins).map((value) => ({
      ...value,
      restart: restartKeys.includes(value.key),
    }))
  }

  get useAlias(): boolean {
    return this.#present.config.useAlias
  }

  get requests(): DataPlane['requests'] {
    return this.#parts.plane.requests
  }

  readonly explain: DataPlane['explain'] = (question) => this.#parts.plane.explain(question)

  metrics(): Promise<string> {
    return this.#parts.control.metrics()
  }

  get drainMs(): number {
    return this.#present.config.timeouts.drain
  }

  get replacedMs(): number {
    return this.#present.config.timeouts.replaced
  }

  reload(wanted: Config, tls: TlsMaterial, origins: Origins = new Map()): Promise<ReloadResult> {
    return this.#inTurn(() => this.#reload(wanted, tls, origins))
  }

  outages(next: Config): Promise<readonly ConfigProblem[]> {
    return outagesOf(this.#present.config, next, this.#wouldBeEmpty)
  }

  readonly #wouldBeEmpty: WouldBeEmpty = (to) => this.#parts.cluster.wouldBeEmpty(to)

  renewTls(): Promise<readonly ConfigProblem[]> {
    return this.#inTurn(() => this.#renewTls())
  }

  useIssued(issued: readonly ServerCertificate[]): Promise<void> {
    return this.#inTurn(async () => {
      // Workers have no way to refuse them.
      for (const certificate of issued) {
        const problem = await handshakeProblem(certificate)
        if (problem !== undefined) throw new Error(problem)
      }
      const { config, tls } = this.#present
      await this.#put(config, tls, issued)
    })
  }

  #useAnswers(answers: Answers): Promise<void> {
    return this.#inTurn(async () => {
      this.#present = { ...this.#present, answers }
      await this.#parts.plane.reload(planeSettings(this.#present, this.#parts), [])
    })
  }

  /** Sessions from before are not resumed: a key that is found out later shows what was said while it was used. */
  #renewTicketKeys(): Promise<void> {
    const { ticketKeys, plane } = this.#parts
    return this.#inTurn(async () => {
      ticketKeys.current = newTicketKeys()
      await plane.reload(planeSettings(this.#present, this.#parts), [])
    })
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change)
    this.#turn = result.catch(() => {})
    return result
  }

  async #reload(wanted: Config, tls: TlsMaterial, origins: Origins): Promise<ReloadResult> {
    const { config, origins: before } = this.#present
    const restartKeys = keysForRestart(config, wanted)
    const next = withValuesOf(config, wanted, restartKeys)
    const problems = await reloadProblems(this.#present, next, tls, this.#wouldBeEmpty)
    if (problems.length > 0) return { ok: false, problems }
    const changed = changedKeys(config, next)
    try {
      await this.#put(next, tls)
    } catch (error) {
      if (!(error instanceof TopspinError)) throw error
      return { ok: false, problems: [{ place: 'configuration', path: '', message: error.message }] }
    }
    const isKept = (key: string): boolean => restartKeys.includes(key)
    const old = [...before].filter(([key]) => isKept(key))
    const fresh = [...origins].filter(([key]) => !isKept(key))
    this.#present = { ...this.#present, origins: new Map([...old, ...fresh]), restartKeys }
    return { ok: true, changed, restartKeys }
  }

  async #renewTls(): Promise<readonly ConfigProblem[]> {
    const read = await readTlsAgain(this.#present)
    if (!read.ok) return read.problems
    await this.#put(this.#present.config, read.material)
    return []
  }

  /** Files have changed, and stayed as they are. */
  #readAgain(files: readonly string[]): Promise<void> {
    const { log } = this.#parts
    return this.#inTurn(async () => {
      const { config, tls } = this.#present
      const read = await readTlsAgain(this.#present)
      if (!read.ok) {
        const problems = read.problems.map(formatProblem)
        for (const [use, names] of filesByUse(files, tls))
          log.error({ files: names, problems }, `${use} not read again`)
        return
      }
      const { material } = read
      // What has changed while it was read is read once more.
      const now = await stampsOf([...material.files.keys()])
      if (!isDeepStrictEqual(now, material.files)) return this.#certificates.lookAgain()
      await this.#put(config, material)
      for (const [use, names] of filesByUse(files, material))
        log.info({ files: names }, `${use} read again`)
    }).catch((error: Error) =>
      log.error({ files, problems: [error.message] }, 'files not read again'),
    )
  }

  readonly reopenLogs = (): void => this.#parts.plane.reopenLogs()

  /** Rejects with a TopspinError when an address cannot be opened; then nothing changes. */
  async #put(
    config: Config,
    tls: TlsMaterial,
    issued: readonly ServerCertificate[] = this.#present.issued,
  ): Promise<void> {
    const { socketFiles, inherited } = this.#parts
    const { log, cluster, plane, nodeTls, checks, health, control, advertising } = this.#parts
    const { hasControl } = this.#parts
    const before = this.#present
    const secret = controlSecret(config.control)
    const tokens = controlTokens(config.control)
    const open = inherited.filter(({ handle }) => isOpenHandle(handle))
    const places = listenPlaces(config, open)
    const { answers } = before
    const settings = planeSettings({ config, tls, issued, answers, places }, this.#parts)
    let traffic: readonly Endpoint[]
    try {
      await health.use(config.health.listen)
      await control.replace(controlOptions(this.#parts, { config, tls, secret, tokens, places }))
      traffic = await plane.open(settings)
    } catch (error) {
      await control.replace(controlOptions(this.#parts, before))
      await health.use(before.config.health.listen)
      throw error
    }
    this.#present = { ...before, config, tls, issued, secret, tokens, places, traffic }
    noteFiles(socketFiles, allPlaces(places))
    this.#parts.programLog.log.level = config.log.level
    nodeTls.current = new NodeTls(tls.nodes)
    cluster.engines?.useTls(tls)
    checks.current = config.health.checks
    await cluster.followSources(config, plane)
    const changes = cluster.setFixedNodes(config)
    await plane.reload(settings, changes)
    await cluster.reload(config, changes)
    if (hasControl) advertising.use(config, control.address)
    this.#certificates.use(this.#present)
    if (hasControl) warnOfRisks(this.#present, control.address, log)
  }

  becomeReady(): void {
    if (!this.#isDraining) this.#parts.health.become('ready')
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true
    this.#certificates.close()
    const { log, plane, control, advertising, health } = this.#parts
    advertising.drain()
    control.drain()
    health.become('draining')
    plane.announceEnd()
    const { delay } = this.#present.config.drain
    if (delay > 0) {
      log.info({ delayMs: delay }, 'not ready; connections are accepted during the drain delay')
      await pause(delay, this.#closing.signal)
    }
    if (this.#closing.signal.aborted) return
    await plane.drain(deadlineMs, false)
    await this.#closeControl()
  }

  handOver(launch: Launch, signal: AbortSignal): Promise<HandOverResult> {
    return handOver(this.#parts, this.#present, launch, signal)
  }

  async leave(successor: Successor, signal: AbortSignal): Promise<void> {
    const { cluster, plane, control, health, socketFiles } = this.#parts
    const { replaced, drain } = this.#present.config.timeouts
    socketFiles.leaveAll()
    cluster.state = undefined
    // The successor gives them the cluster now, and needs the port for Envoys.
    void cluster.engines?.close()
    this.#certificates.close()
    health.stopAccepting()
    const controlClosed = control.close()
    const hurried = new AbortController()
    successor.follow((message) => {
      if (message.kind === 'changes') void cluster.follow(message.changes, plane)
      else if (message.kind === 'facts') cluster.learn(message.facts, plane)
      else if (message.kind === 'end') hurried.abort()
    })
    const tries = setInterval(() => cluster.tryAgain(plane), upgradeLimits.tryAgainMs)
    const drained = plane.drain(replaced, true)
    const hurry = AbortSignal.any([signal, hurried.signal])
    const cut = whenAborted(hurry)
      .then(() => pause(drain, this.#closing.signal))
      .then(() => plane.close())
    await Promise.race([drained, cut])
    clearInterval(tries)
    this.#closing.abort()
    await controlClosed
    await this.#closeControl()
  }

  /** This process does not take over: it ends with the requests that it has accepted. */
  async abandoned(): Promise<never> {
    const { plane, socketFiles } = this.#parts
    await plane.drain(this.drainMs, true)
    socketFiles.removeAll()
    process.exit(1)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#certificates.close()
    await this.#parts.plane.close()
    await this.#closeControl()
  }

  async #closeControl(): Promise<void> {
    const { cluster, control, advertising, health, socketFiles } = this.#parts
    cluster.close()
    await cluster.shared?.stop()
    await advertising.close()
    await control.close()
    socketFiles.removeAll()
    await cluster.state?.close()
    await health.close()
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function urlOf({ tls, ...address }: Endpoint): string {
  const path = isUnixAddress(address.host) ? '' : '/'
  return `${tls === true ? 'https' : 'http'}://${hostPortText(address)}${path}`
}
