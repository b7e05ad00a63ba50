// A store in memory that proxies share in a test, which can be slow, deaf, split off, lost and made anew. Each of its steps
// takes as many turns of the event loop as its random numbers say.

import { setImmediate as turn } from 'node:timers/promises'
import type { Random } from '../../src/base/clock.ts'
import type { Entry, PutResult, SharedStore, WatchEvents } from '../../src/cluster/shared/store.ts'

interface Client {
  readonly store: MemoryStore
  isCut: boolean
  /** Its watch gets nothing more, without being told. */
  isDeaf: boolean
  events: WatchEvents | undefined
  /** Events on their way, in order. */
  queue: Promise<void>
  readonly topics: Map<string, (text: string) => Promise<string | undefined>>
}

export class MemoryBucket {
  readonly entries: Map<string, Entry> = new Map()
  readonly clients: Client[] = []
  puts = 0
  /** What the last writes have replaced, the latest last. */
  readonly #replaced: { readonly key: string; readonly entry: Entry | undefined }[] = []
  #revision = 0
  #store = 1
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  async delay(turnsMax: number): Promise<void> {
    for (let left = Math.floor(this.#random() * turnsMax); left > 0; left--) await turn()
  }

  get name(): string {
    return String(this.#store)
  }

  write(key: string, value: string | undefined, upon: number): PutResult {
    if ((this.entries.get(key)?.revision ?? 0) !== upon) return { kind: 'refused' }
    const revision = ++this.#revision
    const entry = { key, revision, ...(value === undefined ? {} : { value }) }
    this.#replaced.push({ key, entry: this.entries.get(key) })
    this.entries.set(key, entry)
    this.puts += 1
    for (const client of this.clients) this.#tell(client, entry)
    return { kind: 'done', revision }
  }

  #tell(client: Client, entry: Entry): void {
    const { events } = client
    if (events === undefined || client.isDeaf || client.isCut) return
    client.queue = client.queue.then(async () => {
      await this.delay(4)
      if (client.events === events && !client.isDeaf && !client.isCut) events.entry(entry)
    })
  }

  /** Deleted and made anew: all watches are deaf from now on. */
  lose(): void {
    this.entries.clear()
    this.#replaced.length = 0
    this.#revision = 0
    this.#store += 1
    for (const client of this.clients) client.isDeaf = true
  }

  /** The last writes are lost, as when all servers are killed: their revisions are given to others. Watches do not tell it. */
  rollBack(writes: number): void {
    for (const { key, entry } of this.#replaced.splice(-writes).reverse()) {
      this.#revision -= 1
      if (entry === undefined) this.entries.delete(key)
      else this.entries.set(key, entry)
    }
    for (const client of this.clients) client.isDeaf = true
  }

  join(): MemoryStore {
    return new MemoryStore(this, this.#random)
  }
}

export class MemoryStore implements SharedStore {
  readonly client: Client
  readonly #bucket: MemoryBucket
  readonly #random: Random
  /** Share of the puts whose acknowledgement is lost. */
  lossy = 0

  constructor(bucket: MemoryBucket, random: Random) {
    this.#bucket = bucket
    this.#random = random
    this.client = {
      store: this,
      isCut: false,
      isDeaf: false,
      events: undefined,
      queue: Promise.resolve(),
      topics: new Map(),
    }
    bucket.clients.push(this.client)
  }

  async watch(events: WatchEvents): Promise<() => void> {
    await this.#bucket.delay(4)
    if (this.client.isCut) throw new Error('cut off')
    this.client.isDeaf = false
    this.client.events = events
    this.client.queue = Promise.resolve()
    events.begins(this.#bucket.name)
    for (const entry of this.#bucket.entries.values()) events.entry(entry)
    events.listed()
    return () => {
      if (this.client.events === events) this.client.events = undefined
    }
  }

  put(key: string, value: string, upon: number): Promise<PutResult> {
    return this.#write(key, value, upon)
  }

  remove(key: string, upon: number): Promise<PutResult> {
    return this.#write(key, undefined, upon)
  }

  async #write(key: string, value: string | undefined, upon: number): Promise<PutResult> {
    await this.#bucket.delay(6)
    if (this.client.isCut) return { kind: 'unavailable', reason: 'cut off' }
    if (this.#random() < this.lossy / 2) return { kind: 'unavailable', reason: 'lost' }
    const result = this.#bucket.write(key, value, upon)
    await this.#bucket.delay(6)
    if (this.client.isCut || this.#random() < this.lossy / 2)
      return { kind: 'unavailable', reason: 'acknowledgement lost' }
    return result
  }

  async get(key: string): Promise<Entry | undefined> {
    await this.#bucket.delay(4)
    if (this.client.isCut) throw new Error('cut off')
    return this.#bucket.entries.get(key)
  }

  publish(topic: string, text: string): void {
    if (this.client.isCut) return
    for (const other of this.#others()) void other.topics.get(topic)?.(text)
  }

  onMessage(topic: string, receive: (text: string) => Promise<string | undefined>): void {
    this.client.topics.set(topic, receive)
  }

  async ask(topic: string, text: string): Promise<readonly string[]> {
    if (this.client.isCut) return []
    await this.#bucket.delay(3)
    const answers = await Promise.all(
      this.#others().map((other) => other.topics.get(topic)?.(text)),
    )
    return answers.filter((answer) => answer !== undefined)
  }

  async reconnect(): Promise<void> {}

  async close(): Promise<void> {
    this.client.events = undefined
    this.client.isCut = true
  }

  #others(): readonly Client[] {
    return this.#bucket.clients.filter((client) => client !== this.client && !client.isCut)
  }
}
