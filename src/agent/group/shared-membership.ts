// The membership of a node whose port several processes share, as the workers of node:cluster and of PM2 do. The first of
// them leads and registers; when it leaves or dies the next one continues with the state that it has from it. Used by
// join-cluster.ts in place of a Membership.

import cluster from 'node:cluster'
import { TopspinError } from '../../base/errors.ts'
import { agentLimits } from '../../base/limits.ts'
import { waitUntil, withDeadline } from '../../base/wait.ts'
import { portSpace, socketFolder } from '../../host/socket-folder.ts'
import { Rank } from '../../net/rank.ts'
import type { LocalServer } from '../local-server.ts'
import type { Inheritance, NodeMembership, ProxyStatus } from '../membership.ts'
import type { ContextState } from '../registration.ts'
import type { Settings } from '../settings.ts'
import { Follower } from './follower.ts'
import { Leader } from './leader.ts'
import { Members } from './members.ts'
import type { GroupChange, GroupState } from './messages.ts'

interface PendingChange extends GroupChange {
  resolve(): void
}

export class SharedMembership implements NodeMembership {
  readonly #settings: Settings
  readonly #local: LocalServer
  readonly #changed: () => void
  readonly #members: Members = new Members()
  readonly #changes: Map<number, PendingChange> = new Map()
  readonly #hurried = new AbortController()
  readonly #tried: Promise<void>
  #resolveTried: () => void = () => {}
  #rank: Rank | undefined
  /** One of these two, except while this process looks for the leader. */
  #leader: Leader | undefined
  #follower: Follower | undefined
  #state: GroupState | undefined
  #readings: NodeJS.Timeout | undefined
  #lastChange = 0
  #isRemoving = false
  /** This process does not belong to the group any more. */
  #isOut = false
  #drained: Promise<void> | undefined
  #left: Promise<void> | undefined

  /** @param changed called after every change of `status`. */
  constructor(settings: Settings, local: LocalServer, changed: () => void) {
    this.#settings = settings
    this.#local = local
    this.#changed = changed
    this.#tried = new Promise((resolve) => {
      this.#resolveTried = resolve
    })
  }

  get route(): string {
    return this.#state?.route ?? this.#settings.config.route
  }

  get status(): readonly ProxyStatus[] {
    const known = this.#leader?.membership.status ?? this.#state?.status ?? []
    return this.#isOut ? known.map(({ proxy }) => ({ proxy, state: { kind: 'gone' } })) : known
  }

  get contexts(): ReadonlyMap<string, ContextState> {
    if (this.#leader !== undefined) return this.#leader.membership.contexts
    return new Map(this.#state?.contexts ?? this.#ownContexts())
  }

  get isRegistered(): boolean {
    return this.status.some(({ state }) => state.kind === 'report')
  }

  /** Resolves when the first of the processes has tried to register at every proxy. @throws TopspinError */
  async join(): Promise<void> {
    const { config } = this.#settings
    this.#rank = await claim(
      `${portSpace()}-${this.#local.host ?? ''}-${config.port}`,
      this.#members,
    )
    this.#readings = setInterval(
      () => this.#follower?.sendReadings(),
      this.#settings.reportIntervalMs,
    )
    this.#readings.unref()
    this.#local.onFigures(() => {
      this.#leader?.shareFigures()
      this.#follower?.sendFigures()
    })
    void this.#findLeader(this.#rank)
    await this.#tried
  }

  setContext(path: string, to: ContextState | 'REMOVED'): Promise<void> {
    return this.#change({ path, to })
  }

  drainContext(path: string): Promise<void> {
    return this.#change({ path, to: 'DRAINED' })
  }

  /** Drains this process; the node as well when no other process continues. Runs once. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  /** Drains, and removes the node at every proxy when no other process continues. Runs once. */
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  hurry(): void {
    this.#hurried.abort()
    this.#leader?.membership.hurry()
  }

  async #findLeader(rank: Rank): Promise<void> {
    while (!this.#isOut) {
      const socket = await rank.first()
      if (this.#isOut) socket?.destroy()
      else if (socket === undefined) return this.#lead()
      else {
        this.#follower = new Follower(socket, this.#local, {
          state: (state) => this.#receive(state),
          changed: (id) => this.#settle(id),
        })
        for (const [id, change] of this.#changes) this.#follower.sendChange(id, change)
        await this.#follower.closed
        this.#follower = undefined
      }
    }
  }

  #lead(): void {
    const state = this.#state
    if (state !== undefined) this.#local.load.restore(state.load)
    const { config, drain } = this.#settings
    // The wait for a newcomer is part of the deadline.
    const deadlineMs = Math.max(0, drain.deadlineMs - agentLimits.newcomerMs)
    const settings = {
      ...this.#settings,
      config: { ...config, route: this.route },
      drain: { ...drain, deadlineMs },
    }
    const inheritance = state === undefined ? undefined : inherit(state, this.#settings.contexts)
    const leader = new Leader(settings, this.#local, this.#members, this.#changed, inheritance)
    this.#leader = leader
    this.#settings.log.info({ route: this.route }, 'this process registers the shared port')
    void leader.join().then(this.#resolveTried)
    for (const [id, change] of this.#changes)
      void leader.change(change).then(() => this.#settle(id))
  }

  #receive(state: GroupState): void {
    const { route } = this.#settings.config
    if (this.#state === undefined && state.route !== route) {
      const fields = { route: state.route, ignored: route }
      this.#settings.log.warn(fields, 'another process has joined with this port; its route holds')
    }
    this.#state = state
    if (state.isTried) this.#resolveTried()
    this.#changed()
  }

  #change(change: GroupChange): Promise<void> {
    if (this.#isOut) return Promise.resolve()
    if (this.#leader !== undefined) return this.#leader.change(change)
    return new Promise((resolve) => {
      const id = ++this.#lastChange
      this.#changes.set(id, { ...change, resolve })
      this.#follower?.sendChange(id, change)
    })
  }

  #settle(id: number): void {
    this.#changes.get(id)?.resolve()
    this.#changes.delete(id)
  }

  async #drain(): Promise<void> {
    const { strategy, deadlineMs, upgraded } = this.#settings.drain
    const leader = await this.#leaveGroup()
    if (leader !== undefined) {
      await Promise.race([leader.drain(), leader.newcomer])
      await this.#yield(leader)
      if (!this.#isOut) return void leader.newcomer.then(() => this.#yield(leader))
    }
    const withinMs = strategy === 'none' ? 0 : deadlineMs
    if (await this.#local.finish(withinMs, upgraded, this.#hurried.signal)) return
    const inFlight = this.#local.inFlight()
    this.#settings.log.warn({ inFlight }, 'drain deadline reached with requests in flight')
  }

  async #leave(): Promise<void> {
    await this.drain()
    this.#isRemoving = true
    if (!this.#isOut) await this.#leader?.membership.leave()
    this.#out()
  }

  /** A process that joined while this one drained the node continues it. */
  async #yield(leader: Leader): Promise<void> {
    if (this.#isRemoving || !(await leader.hasSuccessor(0, this.#hurried.signal))) return
    // A STOP-APP on its way must not arrive after what the other process sends.
    await withDeadline(leader.membership.settled(), agentLimits.groupReplyMs, () => {})
    if (!this.#isRemoving) this.#out()
  }

  /** Leaves the group when another process stays. @returns otherwise what ends the membership of the node. */
  async #leaveGroup(): Promise<Leader | undefined> {
    const { signal } = this.#hurried
    const isSettled = (): boolean => this.#leader !== undefined || this.#follower !== undefined
    for (;;) {
      await waitUntil(isSettled, { withinMs: agentLimits.groupReplyMs, everyMs: 5 })
      if (this.#leader !== undefined) {
        // A primary that is gone starts no other worker.
        const isOrphan = cluster.isWorker && !process.connected
        const waitMs = this.#local.isListening && !isOrphan ? agentLimits.newcomerMs : 0
        if (!(await this.#leader.hasSuccessor(waitMs, signal))) return this.#leader
        break
      }
      if (this.#follower === undefined || (await this.#follower.leave())) break
      // The leader has gone; who is the next one shows soon.
      await this.#follower?.closed
    }
    this.#out()
    return undefined
  }

  #out(): void {
    if (this.#isOut) return
    this.#isOut = true
    clearInterval(this.#readings)
    this.#local.onFigures(() => {})
    this.#leader?.abandon()
    this.#rank?.close()
    this.#follower?.close()
    this.#resolveTried()
    for (const id of this.#changes.keys()) this.#settle(id)
    this.#changed()
  }

  #ownContexts(): (readonly [path: string, state: ContextState])[] {
    return this.#settings.contexts.map((path) => [path, 'ENABLED'])
  }
}

async function claim(name: string, members: Members): Promise<Rank> {
  const folder = socketFolder()
  const refused = (reason: string, cause?: unknown): TopspinError =>
    new TopspinError(
      'SHARED_PORT',
      `processes that share a port cannot join: ${reason}. Give each process a port of its own, or start \`topspin agent\` beside them`,
      { side: 'proxy', phase: 'control', cause },
    )
  if (folder === undefined)
    throw refused('they find each other by a folder in /tmp, and none can be created')
  try {
    return await Rank.claim(folder, name, (socket) => members.accept(socket))
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error), error)
  }
}

/** The contexts of the group, with the differences between the options of its leader and of this process. */
function inherit(state: GroupState, own: readonly string[]): Inheritance {
  const contexts = new Map(state.contexts)
  for (const path of state.optional) if (!own.includes(path)) contexts.delete(path)
  for (const path of own)
    if (!state.optional.includes(path)) contexts.set(path, contexts.get(path) ?? 'ENABLED')
  return { contexts, status: state.status }
}
