// The first of the processes that share a port: it alone registers the node, reports the load of all, and changes the
// contexts for all. Used by shared-membership.ts.

import { systemClock } from '../../base/clock.ts'
import { agentLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import type { MetricValue } from '../../wire/mcmp/load-metrics.ts'
import type { LocalServer } from '../local-server.ts'
import type { MemberServer, TargetFilter } from '../member-server.ts'
import { type Inheritance, Membership } from '../membership.ts'
import { sumOf } from '../server-figures.ts'
import type { Settings } from '../settings.ts'
import type { Member, Members } from './members.ts'
import type { GroupChange, GroupState, ToLeader } from './messages.ts'

export class Leader {
  readonly membership: Membership
  readonly #settings: Settings
  readonly #local: LocalServer
  readonly #members: Members
  readonly #changed: () => void
  /** Resolves when a process joins while this node is being drained. */
  readonly newcomer: Promise<void>
  #resolveNewcomer: () => void = () => {}
  /** What the next leader begins with when this node is being drained. */
  #kept: GroupState | undefined
  #isTried = false
  #isOver = false

  /** @param changed called after every change of the links. */
  constructor(
    settings: Settings,
    local: LocalServer,
    members: Members,
    changed: () => void,
    inheritance: Inheritance | undefined,
  ) {
    this.#settings = settings
    this.#local = local
    this.#members = members
    this.#changed = changed
    this.newcomer = new Promise((resolve) => {
      this.#resolveNewcomer = resolve
    })
    members.received = (member, message) => this.#receive(member, message)
    const server = new GroupServer(local, members, () => this.#share())
    this.membership = new Membership(settings, server, () => this.#linksChanged(), inheritance)
  }

  /** Resolves as `Membership.join`. */
  async join(): Promise<void> {
    const joined = this.membership.join()
    this.#share()
    await joined
    this.#isTried = true
    this.#share()
  }

  get state(): GroupState {
    const { contexts, status } = this.membership
    return {
      route: this.#settings.config.route,
      contexts: [...contexts],
      optional: this.#settings.contexts,
      status,
      isTried: this.#isTried,
      load: this.#local.load.state,
    }
  }

  async change({ path, to }: GroupChange): Promise<void> {
    if (to === 'DRAINED') await this.membership.drainContext(path)
    else await this.membership.setContext(path, to)
    this.#share()
  }

  /** Adds up the figures of all; each member receives those of the others. */
  shareFigures(): void {
    const members = this.#members.present
    const own = this.#local.figures
    this.#local.others = sumOf(members.map(({ figures }) => figures))
    for (const member of members) {
      const others = members.filter((other) => other !== member).map(({ figures }) => figures)
      member.sendFigures(sumOf([own, ...others]))
    }
  }

  /**
   * Whether another process promises to stay, so that this one may leave.
   * @param withinMs how long to wait for one that is about to join. @param signal ends that wait.
   */
  async hasSuccessor(withinMs: number, signal: AbortSignal): Promise<boolean> {
    const end = systemClock.now() + withinMs
    for (;;) {
      for (const member of this.#members.present) if (await member.stays()) return true
      if (systemClock.now() >= end || signal.aborted) return false
      await pause(agentLimits.newcomerPollMs, signal)
    }
  }

  /** Drains the node. A newcomer has the contexts as they were before, and has to register the node anew. */
  drain(): Promise<void> {
    this.#kept = { ...this.state, status: [] }
    return this.membership.drain()
  }

  /** Ends without a word to the proxies; the other processes find a leader among themselves. */
  abandon(): void {
    this.#isOver = true
    this.membership.abandon()
    this.#members.close()
  }

  #receive(member: Member, message: ToLeader): void {
    if (message.kind === 'hello') {
      member.send({ kind: 'state', state: this.#kept ?? this.state })
      if (this.#kept !== undefined) this.#resolveNewcomer()
    } else if (message.kind === 'leaving') {
      member.send({ kind: 'left' })
    } else if (message.kind === 'change') {
      void this.change(message).then(() => member.send({ kind: 'changed', id: message.id }))
    }
  }

  #linksChanged(): void {
    if (this.#isOver) return
    this.#share()
    this.#changed()
  }

  /** Sends the state to all members. */
  #share(): void {
    // The first load factor is computed before the membership exists.
    if (this.#isOver || this.#kept !== undefined || this.membership === undefined) return
    const state = this.state
    for (const member of this.#members.present) member.send({ kind: 'state', state })
  }
}

/** The server of this process and those of all members as one. */
class GroupServer implements MemberServer {
  readonly host: string | undefined
  /** The proxies count the requests of all, also of processes that have left and are finishing theirs. */
  readonly countsRequests = false
  readonly isDefaultLoad: boolean
  readonly #local: LocalServer
  readonly #members: Members
  readonly #loadChanged: () => void

  constructor(local: LocalServer, members: Members, loadChanged: () => void) {
    this.host = local.host
    this.isDefaultLoad = local.isDefaultLoad
    this.#local = local
    this.#members = members
    this.#loadChanged = loadChanged
  }

  inFlight(filter?: TargetFilter): number {
    return this.#local.inFlight(filter)
  }

  upgraded(filter?: TargetFilter): number {
    return this.#local.upgraded(filter)
  }

  nextLoad(): number {
    const readings = this.#members.present.map((member) => member.readings)
    const load = this.#local.load.combine([this.#local.readings(), ...readings])
    this.#loadChanged()
    return load
  }

  get metrics(): readonly MetricValue[] {
    return this.#local.load.metrics
  }

  stopped(): void {
    this.#local.stopped()
  }
}
