// The store that proxies share, on NATS: a bucket of the key-value store of JetStream, and core messages. The packages of
// NATS are loaded here alone.

import type { KV, Kvm, KvWatchEntry } from '@nats-io/kv'
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import { systemClock } from '../../base/clock.ts'
import { TopspinError } from '../../base/errors.ts'
import { logLimits, sharedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { throttled } from '../../base/throttled-log.ts'
import { pause, withDeadline } from '../../base/wait.ts'
import { encodeName } from '../../cluster/shared/keys.ts'
import type { Entry, PutResult, SharedStore, WatchEvents } from '../../cluster/shared/store.ts'
import { natsConnectOptions, natsReason } from '../../net/nats-connection.ts'

export interface NatsOptions {
  readonly name: string
  /** Name of this proxy. */
  readonly proxy: string
  readonly servers: readonly string[]
  readonly credsFile?: string | undefined
  readonly tls: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
  }
  /** Copies of the bucket, when it is made; absent: 3, or 1 where there is one server alone. */
  readonly replicas?: number | undefined
  readonly log: Logger
}

type Receive = (text: string) => Promise<string | undefined>

/** What is used of the packages of NATS. */
export interface NatsPackages {
  readonly connect: (options: ConnectionOptions) => Promise<NatsConnection>
  readonly credsAuthenticator: (
    creds: Uint8Array,
  ) => NonNullable<ConnectionOptions['authenticator']>
  readonly Kvm: typeof Kvm
}

/** No literals in `import`, so that bundlers leave the packages out. */
const packageNames = { transport: '@nats-io/transport-node', kv: '@nats-io/kv' }

const bucketOf = (name: string): string => `topspin_${name}`

/** Rejects with a `TopspinError` when they are not installed. */
export async function loadNats(): Promise<NatsPackages> {
  try {
    const [{ connect, credsAuthenticator }, { Kvm }] = await Promise.all([
      import(packageNames.transport) as Promise<typeof import('@nats-io/transport-node')>,
      import(packageNames.kv) as Promise<typeof import('@nats-io/kv')>,
    ])
    return { connect, credsAuthenticator, Kvm }
  } catch (error) {
    throw new TopspinError(
      'NATS_MISSING',
      'cluster.nats needs the packages of NATS: npm install @nats-io/transport-node @nats-io/kv',
      { side: 'proxy', phase: 'control', cause: error },
    )
  }
}

export class NatsStore implements SharedStore {
  readonly #options: NatsOptions
  readonly #packages: NatsPackages
  readonly #topics: Map<string, Receive> = new Map()
  #connection: NatsConnection | undefined
  #bucket: KV | undefined
  #isClosed = false
  /** Why there is no connection or no bucket. */
  #reason = 'not connected yet'
  readonly #running: Promise<void>
  #dropped: () => void = () => {}
  /** Ends the watch: while there is no connection the store may have lost what it had told. */
  #endWatch: (reason: string) => void = () => {}

  constructor(options: NatsOptions, packages: NatsPackages) {
    // A server that ends each connection at once would cause lines without end.
    this.#options = { ...options, log: throttled(options.log, systemClock, logLimits.linesMax) }
    this.#packages = packages
    this.#running = this.#stayConnected()
  }

  /** The server that this proxy is connected to; `undefined`: none. */
  get server(): string | undefined {
    return this.#connection?.isClosed() === false ? this.#connection.getServer() : undefined
  }

  async watch(events: WatchEvents): Promise<() => void> {
    const bucket = await this.#open()
    const { streamInfo } = await within(bucket.status(), sharedLimits.putMs, 'the bucket')
    events.begins(String(streamInfo.created))
    const watching = bucket.watch()
    const entries = await within(watching, sharedLimits.listStallMs, 'a watch').catch((error) => {
      void watching.then(
        (late) => late.stop(),
        () => {},
      )
      throw error
    })
    // A watch of an empty bucket tells nothing.
    const { streamInfo: now } = await within(bucket.status(), sharedLimits.putMs, 'the bucket')
    let isListed = now.state.messages === 0
    let isOver = false
    const end = (reason: string): void => {
      if (isOver) return
      isOver = true
      entries.stop()
      events.ended(reason)
    }
    this.#endWatch = end
    if (isListed) events.listed()
    const follow = async (): Promise<void> => {
      for await (const entry of entries) {
        if (isOver) return
        events.entry(entryOf(entry))
        if (isListed || !(entry.isUpdate || entry.delta === 0)) continue
        isListed = true
        events.listed()
      }
    }
    void follow().then(
      () => end('the watch was closed'),
      (error: unknown) => end(natsReason(error)),
    )
    return () => {
      isOver = true
      entries.stop()
    }
  }

  put(key: string, value: string, upon: number): Promise<PutResult> {
    return this.#write(async (bucket) => {
      const options = { previousSeq: upon, timeout: sharedLimits.putMs }
      return bucket.put(key, value, options)
    })
  }

  remove(key: string, upon: number): Promise<PutResult> {
    return this.#write(async (bucket) => {
      await bucket.delete(key, { previousSeq: upon })
      return upon
    })
  }

  async #write(write: (bucket: KV) => Promise<number>): Promise<PutResult> {
    try {
      const written = this.#open().then(write)
      return { kind: 'done', revision: await within(written, sharedLimits.putMs, 'a put') }
    } catch (error) {
      if (isRefusal(error)) return { kind: 'refused' }
      // Without a leader and without a bucket the answer is the same: what is there is looked up anew.
      this.#bucket = undefined
      return { kind: 'unavailable', reason: natsReason(error) }
    }
  }

  async get(key: string): Promise<Entry | undefined> {
    const found = this.#open().then((bucket) => bucket.get(key))
    const entry = await within(found, sharedLimits.putMs, 'a key')
    return entry === null ? undefined : entryOf(entry)
  }

  publish(topic: string, text: string): void {
    const connection = this.#connection
    if (connection === undefined || connection.isClosed()) return
    try {
      connection.publish(this.#subject(topic), text)
    } catch (error) {
      this.#options.log.debug({ topic, reason: natsReason(error) }, 'message to other proxies lost')
    }
  }

  onMessage(topic: string, receive: Receive): void {
    this.#topics.set(topic, receive)
    if (this.#connection !== undefined) this.#subscribe(this.#connection, topic, receive)
  }

  ask(topic: string, text: string, expected: number, withinMs: number): Promise<readonly string[]> {
    const connection = this.#connection
    if (connection === undefined || connection.isClosed() || expected === 0)
      return Promise.resolve([])
    const answers: string[] = []
    const inbox = `${this.#subject(topic)}.answer.${Math.random().toString(36).slice(2)}`
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        subscription?.unsubscribe()
        resolve(answers)
      }
      const timer = setTimeout(finish, withinMs)
      const subscription = attempt(() =>
        connection.subscribe(inbox, {
          callback: (error, message) => {
            if (error !== null) return
            answers.push(message.string())
            if (answers.length >= expected) finish()
          },
        }),
      )
      const sent = attempt(() => {
        connection.publish(this.#subject(topic), text, { reply: inbox })
        return true
      })
      if (subscription === undefined || sent === undefined) finish()
    })
  }

  async reconnect(): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) return
    this.#bucket = undefined
    await connection.reconnect().catch(() => {})
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#dropped()
    await withDeadline(this.#connection?.close() ?? Promise.resolve(), sharedLimits.putMs, () => {})
    await this.#running
  }

  /** The bucket, which is made when it is missing. */
  async #open(): Promise<KV> {
    const connection = this.#connection
    if (connection === undefined || connection.isClosed()) throw new Error(this.#reason)
    this.#bucket ??= await within(this.#make(connection), sharedLimits.putMs, 'the bucket')
    return this.#bucket
  }

  async #make(connection: NatsConnection): Promise<KV> {
    const { name, replicas, log } = this.#options
    const kvm = new this.#packages.Kvm(connection)
    // A follower would answer with an older value.
    const options = { history: 1, max_bytes: sharedLimits.storeBytesMax, allow_direct: false }
    const found = await kvm.open(bucketOf(name), { allow_direct: false })
    const isThere = await found.status().then(
      () => true,
      (error: unknown) => {
        if (isMissingStream(error)) return false
        throw error
      },
    )
    if (isThere) return found
    try {
      return await kvm.create(bucketOf(name), { ...options, replicas: replicas ?? 3 })
    } catch (error) {
      if (replicas !== undefined || codeOf(error) !== notClustered) throw error
      log.warn({ bucket: bucketOf(name) }, 'one NATS server alone keeps the shared registry')
      return kvm.create(bucketOf(name), { ...options, replicas: 1 })
    }
  }

  async #stayConnected(): Promise<void> {
    const { log } = this.#options
    let wasReached = true
    while (!this.#isClosed) {
      try {
        const connection = await this.#packages.connect(await this.#connectionOptions())
        if (this.#isClosed) return void (await connection.close())
        wasReached = true
        await this.#use(connection)
      } catch (error) {
        this.#reason = natsReason(error)
        if (wasReached) log.warn({ reason: this.#reason }, 'NATS cannot be reached')
        wasReached = false
      }
      this.#connection = undefined
      this.#bucket = undefined
      if (!this.#isClosed) await pause(sharedLimits.aloneTickMs)
    }
  }

  /** Until the connection is closed for good. */
  async #use(connection: NatsConnection): Promise<void> {
    const { log } = this.#options
    this.#connection = connection
    this.#bucket = undefined
    log.info({ server: connection.getServer() }, 'connected to NATS')
    for (const [topic, receive] of this.#topics) this.#subscribe(connection, topic, receive)
    void this.#followStatus(connection)
    const dropped = new Promise<void>((resolve) => {
      this.#dropped = resolve
    })
    const reason = await Promise.race([connection.closed(), dropped])
    if (reason instanceof Error) this.#reason = natsReason(reason)
  }

  async #followStatus(connection: NatsConnection): Promise<void> {
    const { log } = this.#options
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        log.warn({ server: status.server }, 'connection to NATS lost')
        this.#endWatch('the connection to NATS is lost')
      } else if (status.type === 'reconnect') {
        this.#bucket = undefined
        log.info({ server: connection.getServer() }, 'connected to NATS')
      } else if (status.type === 'error') {
        this.#reason = natsReason(status.error)
        log.warn({ reason: this.#reason }, 'NATS refuses')
      }
    }
  }

  async #connectionOptions(): Promise<ConnectionOptions> {
    const { servers, credsFile, tls, name, proxy } = this.#options
    const place = { servers, creds: credsFile, ...tls }
    const { credsAuthenticator } = this.#packages
    const options = await natsConnectOptions(place, `topspin ${proxy}`, credsAuthenticator)
    return { ...options, inboxPrefix: `_INBOX_topspin_${name}` }
  }

  #subscribe(connection: NatsConnection, topic: string, receive: Receive): void {
    const own = this.#subject(topic)
    attempt(() =>
      connection.subscribe(this.#subject(topic, '*'), {
        callback: (error, message) => {
          if (error !== null || message.subject === own) return
          void receive(message.string()).then(
            (answer) => answer !== undefined && message.reply && message.respond(answer),
            (fault: unknown) =>
              this.#options.log.error({ topic, reason: natsReason(fault) }, 'fault in a message'),
          )
        },
      }),
    )
  }

  /** The last token is the sender. */
  #subject(topic: string, sender: string = encodeName(this.#options.proxy)): string {
    return `tsp.${this.#options.name}.${topic}.${sender}`
  }
}

function entryOf({
  key,
  revision,
  operation,
  value,
}: Pick<KvWatchEntry, 'key' | 'revision' | 'operation' | 'value'>): Entry {
  if (operation !== 'PUT') return { key, revision }
  return { key, revision, value: Buffer.from(value).toString('utf8') }
}

/** Of JetStream: the key has another revision; the bucket is missing; copies need a cluster of servers. */
const refusals: ReadonlySet<unknown> = new Set([10071, 10164])
const missingStream = 10059
const notClustered = 10074

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

const isRefusal = (error: unknown): boolean => refusals.has(codeOf(error))

const isMissingStream = (error: unknown): boolean => codeOf(error) === missingStream

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return withDeadline(promise, ms, () => undefined).then((value) => {
    if (value === undefined) throw new Error(`no answer about ${what} within ${ms} ms`)
    return value
  })
}
