// Messages to and from a group of processes over NATS, as datagrams go to a multicast group: what is sent while no server is
// reached is lost, and so is what arrives beyond the limit of one second.

import { type Clock, systemClock } from '../base/clock.ts'
import { natsLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { OutageLog } from '../base/outage-log.ts'
import { SecondLimit } from '../base/second-limit.ts'
import { pause, withDeadline } from '../base/wait.ts'
import {
  loadNatsPackage,
  type NatsLink,
  type NatsPackage,
  type NatsPlace,
  natsConnectOptions,
  natsReason,
} from './nats-connection.ts'

export interface NatsGroupOptions {
  readonly place: NatsPlace
  readonly subject: string
  /** Of this process, for the operators of NATS. */
  readonly name: string
  /** Called with each message of the others; must not throw. */
  readonly onMessage: (bytes: Buffer) => void
  /** Default: no log. */
  readonly log?: Logger
  readonly clock?: Clock
}

const what = 'group: nats://...'

/** @throws TopspinError NATS_MISSING where the package is not installed. */
export const requireNats = async (): Promise<void> => void (await loadNatsPackage(what))

/** Failures are logged, never thrown. */
export class NatsGroup {
  /** Resolves after the first attempt to connect. */
  readonly ready: Promise<void>
  readonly #options: NatsGroupOptions
  readonly #outages: OutageLog
  readonly #clock: Clock
  readonly #limit: SecondLimit = new SecondLimit(natsLimits.perSecondMax)
  readonly #ending: AbortController = new AbortController()
  readonly #running: Promise<void>
  #isAttempted: () => void = () => {}
  /** While a server is reached. */
  #link: NatsLink | undefined

  constructor(options: NatsGroupOptions) {
    this.#options = options
    this.#outages = new OutageLog(options.log ?? silent)
    this.#clock = options.clock ?? systemClock
    this.ready = new Promise((resolve) => {
      this.#isAttempted = resolve
    })
    this.#running = this.#stayConnected()
  }

  send(bytes: Uint8Array): void {
    try {
      this.#link?.publish(this.#options.subject, bytes)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Ends when everything is sent. */
  async close(): Promise<void> {
    const link = this.#link
    await withDeadline(link?.flush() ?? Promise.resolve(), natsLimits.closeMs, () => {}).catch(
      () => {},
    )
    this.#ending.abort()
    this.#isAttempted()
    await withDeadline(this.#running, natsLimits.closeMs, () => {})
  }

  async #stayConnected(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        const nats = await loadNatsPackage(what)
        await this.#use(await this.#connect(nats))
      } catch (error) {
        this.#fail(error)
      }
      this.#link = undefined
      this.#isAttempted()
      await pause(natsLimits.retryMs, signal)
    }
  }

  async #connect({ connect, credsAuthenticator }: NatsPackage): Promise<NatsLink> {
    const { place, name } = this.#options
    const options = await natsConnectOptions(place, name, credsAuthenticator)
    return connect({ ...options, noEcho: true })
  }

  /** Until the connection has ended for good, or is not needed any more. */
  async #use(link: NatsLink): Promise<void> {
    const { signal } = this.#ending
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
      void link.closed().then(() => resolve())
    })
    link.subscribe(this.#options.subject, {
      callback: (error, { data }) => {
        if (error !== null) this.#fail(error)
        else if (this.#limit.admits(this.#clock.now())) this.#options.onMessage(Buffer.from(data))
      },
    })
    this.#connected(link)
    void this.#followStatus(link)
    if (!signal.aborted) await ended
    await link.close().catch(() => {})
  }

  #connected(link: NatsLink): void {
    this.#link = link
    this.#outages.resolve('nats', { server: link.getServer() }, 'connected to NATS')
    this.#isAttempted()
  }

  async #followStatus(link: NatsLink): Promise<void> {
    for await (const { type, error } of link.status()) {
      if (type === 'disconnect') {
        // The client would keep what is sent meanwhile, and send it when it is old.
        this.#link = undefined
        this.#fail(new Error('connection lost'))
      } else if (type === 'reconnect') this.#connected(link)
      else if (type === 'error') this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return
    const reason = natsReason(error)
    this.#outages.report('nats', reason, { reason }, 'NATS cannot be used')
  }
}
