// What all pages share: the cluster as the stream tells it, the events, the balancers, and notices of what was done. Pages
// are drawn again when it has changed, once a second at most while figures move.

import { useEffect, useState } from 'preact/hooks'
import type {
  ApiAction,
  ApiApplication,
  ApiBalancer,
  ApiCertificate,
  ApiEvent,
  ApiHistory,
  ApiLive,
  ApiProxy,
} from '../model/api.ts'
import { ClusterView } from '../model/cluster-view.ts'
import { failureText, post, read, streamUrl } from './client.ts'

/** As many as the proxy keeps. */
const eventsMax = 1_000
const stepMs = 1_000
/** Facts that the stream does not tell are read again after this. */
const factsEveryMs = 15_000
/** A notice with an undo stays for this. */
const noticeMs = 30_000
/** A hidden page gives its connection back after this: browsers open six to one host. */
const hiddenMs = 600_000

export interface Notice {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
  /** Path of the API that undoes it. */
  readonly undo: string | null
}

export class Store {
  readonly view: ClusterView = new ClusterView()
  events: readonly ApiEvent[] = []
  balancers: readonly ApiBalancer[] = []
  actions: readonly ApiAction[] = []
  proxy: ApiProxy | undefined
  certificates: readonly ApiCertificate[] = []
  applications: readonly ApiApplication[] = []
  notices: readonly Notice[] = []
  /** `false` while there is no stream; then the figures are old. */
  isLive = false
  /** Since when there is no stream, ms of this machine. */
  lostAt: number = Date.now()
  /** The stream has told its nodes. */
  isLoaded = false
  #source: EventSource | undefined
  readonly #listeners: Set<() => void> = new Set()
  #isDue = false
  #noticeCount = 0

  /** The browser may only look. */
  get isReader(): boolean {
    return this.proxy?.caller.role === 'reader'
  }

  /** The time of the proxy, ms. */
  now(): number {
    return this.view.now(Date.now())
  }

  start(): void {
    this.#open()
    void this.#readFacts()
    setInterval(() => {
      this.view.step(Date.now())
      this.changed()
    }, stepMs)
    setInterval(() => void this.#readFacts(), factsEveryMs)
    let hidden: ReturnType<typeof setTimeout> | undefined
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hidden)
      if (document.hidden) hidden = setTimeout(() => this.#close(), hiddenMs)
      else if (this.#source === undefined) this.#open()
    })
  }

  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Draws the pages again, once for all changes of this turn. */
  changed(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      for (const listener of this.#listeners) listener()
    })
  }

  /** Carries an action out. @returns the problem, if there is one. */
  async act(request: object, done: (record: ApiAction) => string): Promise<string | undefined> {
    try {
      const record = await post<ApiAction>('/actions', request)
      this.notify({ tone: 'good', text: done(record), undo: record.undo })
      return undefined
    } catch (error) {
      return failureText(error)
    } finally {
      void this.readActions()
    }
  }

  /** @param path of the API, as an action has told it. */
  async undo(path: string): Promise<void> {
    try {
      await post(path.replace(/^\/api\/v1/, ''))
      this.notices = this.notices.filter(({ undo }) => undo !== path)
      this.notify({ tone: 'good', text: 'Undone: the orders are as they were before.', undo: null })
    } catch (error) {
      this.notify({ tone: 'bad', text: `Not undone: ${failureText(error)}.`, undo: null })
    }
    void this.readActions()
  }

  notify(notice: Omit<Notice, 'id'>): void {
    const id = ++this.#noticeCount
    this.notices = [...this.notices, { ...notice, id }].slice(-3)
    this.changed()
    setTimeout(() => this.dismiss(id), noticeMs)
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id)
    this.changed()
  }

  async readActions(): Promise<void> {
    const { actions } = await read<{ actions: readonly ApiAction[] }>('/actions').catch(() => this)
    this.actions = actions
    this.changed()
  }

  #open(): void {
    const source = new EventSource(streamUrl)
    this.#source = source
    // Messages wait until the ten minutes before them are there.
    let waiting: ApiLive[] | undefined = []
    source.addEventListener('open', async () => {
      this.isLive = true
      waiting = []
      if (this.events.length === 0) void this.#readEvents()
      const opened = waiting
      const history = await read<ApiHistory>('/history').catch(() => undefined)
      // Reading, taking over and drawing hundreds of nodes in one task would hold the browser up.
      await nextTask()
      // The stream was opened again meanwhile.
      if (waiting !== opened) return
      this.view.load(history)
      for (const live of opened) this.view.apply(live, Date.now())
      waiting = undefined
      await nextTask()
      for (const live of opened) this.#shown(live)
    })
    source.addEventListener('live', ({ data }) => {
      const live = JSON.parse(data) as ApiLive
      if (waiting === undefined) this.#apply(live)
      else waiting.push(live)
    })
    source.addEventListener('event', ({ data }) => this.#add([JSON.parse(data) as ApiEvent]))
    source.addEventListener('reset', () => {
      this.events = []
      void this.#readEvents()
    })
    source.addEventListener('error', () => {
      if (this.isLive) this.lostAt = Date.now()
      this.isLive = false
      // The browser tries again by itself, unless the answer was no stream.
      if (source.readyState === EventSource.CLOSED && this.#source === source) {
        this.#source = undefined
        setTimeout(() => this.#open(), stepMs)
      }
      this.changed()
    })
  }

  #apply(live: ApiLive): void {
    this.view.apply(live, Date.now())
    this.#shown(live)
  }

  #shown(live: ApiLive): void {
    this.isLoaded ||= live.nodes.length > 0 || Object.keys(live.traffic).length > 0
    this.changed()
  }

  #close(): void {
    this.#source?.close()
    this.#source = undefined
    this.isLive = false
    this.lostAt = Date.now()
  }

  #add(events: readonly ApiEvent[]): void {
    const last = this.events.at(-1)?.id ?? 0
    const added = events.filter(({ id }) => id > last)
    if (added.length === 0) return
    this.events = [...this.events, ...added].slice(-eventsMax)
    if (added.some(({ message }) => message === 'operator action')) void this.readActions()
    this.changed()
  }

  async #readEvents(): Promise<void> {
    const { events } = await read<{ events: readonly ApiEvent[] }>('/events').catch(() => ({
      events: [],
    }))
    const later = this.events.filter(({ id }) => id > (events.at(-1)?.id ?? 0))
    this.events = [...events, ...later].slice(-eventsMax)
    this.changed()
  }

  async #readFacts(): Promise<void> {
    const { balancers } = await read<{ balancers: readonly ApiBalancer[] }>('/balancers').catch(
      () => this,
    )
    this.balancers = balancers
    this.proxy = await read<ApiProxy>('/proxy').catch(() => this.proxy)
    const { certificates } = await read<Pick<Store, 'certificates'>>('/certificates').catch(
      () => this,
    )
    this.certificates = certificates
    const { applications } = await read<Pick<Store, 'applications'>>('/applications').catch(
      () => this,
    )
    this.applications = applications
    await this.readActions()
  }
}

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

export const store: Store = new Store()

/** Draws the component again when the store has changed. */
export function useStore(): Store {
  const [, draw] = useState(0)
  useEffect(() => store.follow(() => draw((count) => count + 1)), [])
  return store
}
