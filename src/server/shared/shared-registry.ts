// The registry of a proxy that shares it with others. A message is proposed on this proxy's copy and written to the store
// upon the revision that was seen; what other proxies write comes by the watch. While the store is away, messages are
// accepted here alone and written later (docs/scaling-out.md). The rules are those of cluster/shared.

import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { sharedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { LiveTable } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import { areEmpty, type Orders } from '../../cluster/orders.ts'
import type { Facts, Proposal } from '../../cluster/registry/facts.ts'
import { rivalOf } from '../../cluster/registry/identity.ts'
import { isOperators } from '../../cluster/registry/operator.ts'
import type { Registry } from '../../cluster/registry.ts'
import {
  type Envelope,
  readEnvelope,
  type Unusable,
  writeEnvelope,
} from '../../cluster/shared/envelope.ts'
import { keyOf, type Subject, subjectOf } from '../../cluster/shared/keys.ts'
import { nodeRecordOf, readNodeRecord } from '../../cluster/shared/node-record.ts'
import {
  afterCounted,
  afterProxy,
  afterUncounted,
  compareOrder,
  isOldNews,
  type Order,
} from '../../cluster/shared/order.ts'
import {
  type BalancerRecord,
  readBalancer,
  readOrders,
} from '../../cluster/shared/other-records.ts'
import { Replica } from '../../cluster/shared/replica.ts'
import type { Entry, PutResult, SharedStore } from '../../cluster/shared/store.ts'
import { bodyOf, touchedBy } from '../../cluster/shared/touched.ts'
import type { Seen, Version } from '../../cluster/shared/versions.ts'
import { type Change, findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { Publish, Taken } from '../../control/sharing.ts'
import type { AppMessage, ConfigMessage, Message, NodeOrder } from '../../wire/mcmp/message.ts'
import { problem } from '../../wire/mcmp/problem.ts'
import { appReply, emptyReply, type Reply, stopReply } from '../../wire/mcmp/reply.ts'

export interface SharedRegistryOptions {
  readonly store: SharedStore
  readonly registry: Registry
  readonly live: LiveTable
  readonly clock: Clock
  readonly log: Logger
  /** Name of this proxy. */
  readonly proxy: string
  /** Puts changes in force that other proxies have made. */
  readonly publish: (before: Snapshot, changes: readonly Change[], by: string) => Promise<void>
  /** Whether nodes may be at a host. */
  readonly isAllowed: (host: string) => boolean
  /** A node of another proxy is new here. */
  readonly onNode?: (node: Node) => void
  /** The store does not answer. */
  readonly onAlone?: (reason: string) => void
  /** Default `sharedLimits`. */
  readonly limits?: Pick<typeof sharedLimits, 'refusedMs' | 'joinMs' | 'roundsMax'>
}

/** A version that is to be written, because of a message or of something that this proxy does. */
interface Write {
  readonly key: string
  readonly version: Version
  readonly factor: number | undefined
}

interface Read {
  readonly envelope: Envelope
  readonly text: string
}

type Written = 'done' | 'refused' | 'alone'

export class SharedRegistry {
  readonly #options: SharedRegistryOptions
  readonly #limits: NonNullable<SharedRegistryOptions['limits']>
  readonly #replica: Replica = new Replica()
  /** What is still to be done about a route, in turn. */
  readonly #turns: Map<string, Promise<unknown>> = new Map()
  /** Writes of messages on their way, by key: their own events belong to the message. */
  readonly #writing: Map<string, Publish> = new Map()
  /** When a record of something removed was seen, monotonic ms, by key. */
  readonly #removedAt: Map<string, number> = new Map()
  /** Routes of nodes whose address another route has, too. */
  readonly #contested: Set<string> = new Set()
  /** Records that could not be used, by key, with the reason. */
  readonly #bad: Map<string, string> = new Map()
  #isAlone = true
  /** Raised with each joining: what was asked before it and fails says nothing about now. */
  #joins = 0
  #joined: Promise<void>
  #join: () => void = () => {}
  /** Ends the waits for puts. */
  #leave: (reason: string) => void = () => {}
  #left: Promise<PutResult>
  #puts = 0
  readonly #waitingPuts: (() => void)[] = []
  #flushing: Promise<void> | undefined
  /** Changes of the watch that are not in force yet, with the snapshot before them. */
  #collected: { before: Snapshot; changes: Change[]; by: string; done: Promise<void> } | undefined
  /** Highest revision that was seen. */
  revision = 0

  constructor(options: SharedRegistryOptions) {
    this.#options = options
    this.#limits = options.limits ?? sharedLimits
    this.#joined = new Promise((resolve) => {
      this.#join = resolve
    })
    this.#left = this.#nextLeaving()
  }

  #nextLeaving(): Promise<PutResult> {
    return new Promise((resolve) => {
      this.#leave = (reason) => resolve({ kind: 'unavailable', reason })
    })
  }

  get isAlone(): boolean {
    return this.#isAlone
  }

  /** Versions that are accepted and not written. */
  get unwritten(): number {
    return this.#replica.unwritten.size
  }

  /** Records that are not used, with the reason. */
  get badRecords(): ReadonlyMap<string, string> {
    return this.#bad
  }

  /** Takes a message for all proxies. Rejects only for a fault of ours. */
  apply(message: Message, facts: Facts, publish: Publish): Promise<Taken> {
    if (!isAboutNode(message)) return this.#applyHere(message, facts, publish)
    return this.#inTurn(message.route, () => this.#take(message, facts, publish))
  }

  /** Removes a node that no proxy reaches. */
  removeDead(node: Node, publish: Publish): Promise<void> {
    return this.#remove(node.route, () => node, publish)
  }

  /** @param due the node, unless there is no reason any more. */
  async #remove(route: string, due: () => Node | undefined, publish: Publish): Promise<void> {
    const { registry, clock } = this.#options
    await this.#inTurn(route, async () => {
      for (let round = 0; round < this.#limits.roundsMax && !this.#isAlone; round++) {
        const node = due()
        if (node === undefined) return
        const proposal = registry.proposeRemoval(node.id)
        if (proposal.changes.length === 0) return
        const writes = this.#writesOf(proposal, undefined)
        // No other version of Topspin is asked: each proxy that finds the node dead removes it for itself.
        if (writes.every(({ key }) => this.#replica.isForeign(key))) {
          for (const { key, version } of writes) this.#replica.accept(key, version)
          const changes = registry.commit(proposal, clock.now())
          await publish(proposal.before, changes)
          return
        }
        if ((await this.#write(writes, publish)) === 'done') return
      }
    })
  }

  /** Writes what this proxy has changed itself, for example orders that it has forgotten. */
  shareOwn(changes: readonly Change[], before: Snapshot): void {
    const { snapshot } = this.#options.registry
    for (const subject of touchedBy(changes, before, snapshot)) {
      if (subject.kind === 'node') continue
      const write = this.#writeOf(subject, snapshot, undefined)
      if (write !== undefined) this.#replica.accept(write.key, write.version)
    }
    this.flush()
  }

  /** A listing begins. @param store see `WatchEvents.begins`. */
  begin(store: string): void {
    this.#replica.beginListing(store)
    this.revision = 0
  }

  /** The listing is complete and the store takes writes: this proxy is not alone. */
  listed(): void {
    this.#replica.endListing()
    for (const key of this.#bad.keys()) if (this.#replica.revision(key) === 0) this.#bad.delete(key)
    if (this.#isAlone) this.#joins += 1
    this.#isAlone = false
    this.#join()
    this.flush()
    this.#settle()
  }

  becomeAlone(reason: string): void {
    if (this.#isAlone) return
    this.#isAlone = true
    this.#leave(reason)
    this.#left = this.#nextLeaving()
    this.#options.onAlone?.(reason)
  }

  /** Something was seen in the store. @returns resolves once it is in force. */
  see(entry: Entry): Promise<void> {
    return this.#learn(entry, (key, seen) => this.#replica.see(key, seen))
  }

  #learn(entry: Entry, take: (key: string, seen: Seen) => boolean): Promise<void> {
    this.revision = Math.max(this.revision, entry.revision)
    const { key, revision, value } = entry
    const subject = subjectOf(key)
    if (subject === undefined) return Promise.resolve()
    if (value === undefined) this.#bad.delete(key)
    const read = value === undefined ? undefined : this.#read(subject, key, value)
    if (read !== undefined && 'problem' in read) {
      take(key, { revision, unusable: read.isForeign === true ? 'foreign' : 'broken' })
      if (this.#replica.isUnwritten(key)) this.flush()
      return Promise.resolve()
    }
    const version = read && { order: read.envelope.order, text: read.text }
    const isOther = take(key, version ? { revision, version } : { revision })
    if (this.#replica.isUnwritten(key)) this.flush()
    this.#noteRemoved(key, subject)
    if (!isOther) return this.#collected?.done ?? Promise.resolve()
    const by = read?.envelope.by ?? ''
    const own = by === this.#options.proxy ? this.#writing.get(key) : undefined
    return this.#merge(subject, key, by, own, read?.envelope.factor)
  }

  /** Something that a proxy without the store has accepted. */
  hear(key: string, value: string): Promise<void> {
    const subject = subjectOf(key)
    if (subject === undefined) return Promise.resolve()
    const read = this.#read(subject, key, value)
    if ('problem' in read) return Promise.resolve()
    const { envelope, text } = read
    const known = this.#replica.version(key)
    const isLater = known === undefined || compareOrder(envelope.order, known.order) > 0
    if (!isLater) return this.#collected?.done ?? Promise.resolve()
    this.#replica.accept(key, { order: envelope.order, text })
    this.flush()
    return this.#merge(subject, key, envelope.by, undefined, envelope.factor)
  }

  /** The text of a record as this proxy has it, to be told to others. */
  textOf(key: string): string | undefined {
    const version = this.#replica.version(key)
    return version === undefined ? undefined : this.#envelopeOf(version, undefined)
  }

  /** Of that text; 0: it is not in the store. */
  revisionOf(key: string): number {
    return this.#isHeld(key) ? 0 : this.#replica.revision(key)
  }

  /** What counts of it is not in the store, and this proxy and those that it tells keep it. */
  #isHeld(key: string): boolean {
    return this.#replica.isUnwritten(key) || this.#replica.isForeign(key)
  }

  /** The proxy that wrote nothing about a node has no record of it. */
  hasRecord(route: string): boolean {
    const key = keyOf({ kind: 'node', name: route })
    return this.#replica.version(key) !== undefined || this.#replica.isForeign(key)
  }

  /** Deletes the records of what was removed long ago. */
  async sweep(): Promise<void> {
    const { clock, store } = this.#options
    for (const [key, at] of this.#removedAt) {
      if (this.#isAlone) return
      if (clock.now() - at < sharedLimits.removedKeptMs) continue
      this.#removedAt.delete(key)
      if (this.#replica.isForeign(key)) continue
      await this.#put(() => store.remove(key, this.#replica.revision(key)))
    }
  }

  /** Writes what was accepted and is not in the store. */
  flush(): void {
    if (this.#isAlone || this.#replica.unwritten.size === 0) return
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined
      // Accepted meanwhile.
      if (!this.#isAlone && this.#replica.unwritten.size > 0) setImmediate(() => this.flush())
    })
  }

  async #flushAll(): Promise<void> {
    const jobs = [...this.#replica.unwritten].map((key) => this.#flushKey(key))
    await Promise.all(jobs)
  }

  async #flushKey(key: string): Promise<void> {
    const { store } = this.#options
    for (let round = 0; round < this.#limits.roundsMax; round++) {
      const version = this.#replica.version(key)
      if (this.#isAlone || version === undefined || !this.#replica.isUnwritten(key)) return
      const text = this.#envelopeOf(version, this.#factorOf(key))
      const upon = this.#replica.revision(key)
      const { generation } = this.#replica
      const result = await this.#put(() => store.put(key, text, upon))
      if (generation !== this.#replica.generation) continue
      if (result.kind === 'refused') await this.#refresh(key, upon)
      else if (result.kind === 'unavailable') return this.becomeAlone(result.reason)
      else {
        this.#replica.see(key, { revision: result.revision, version })
        if (this.#replica.version(key) !== version || !this.#replica.isUnwritten(key)) continue
        return this.becomeAlone('the store was made anew')
      }
    }
  }

  async #applyHere(message: Message, facts: Facts, publish: Publish): Promise<Taken> {
    const { registry } = this.#options
    const before = registry.snapshot
    const { reply, changes, warnings } = registry.apply(message, facts)
    await this.#inForce(publish, before, changes)
    return { reply, warnings, isShared: false }
  }

  async #take(message: NodeMessage, facts: Facts, publish: Publish): Promise<Taken> {
    const { registry } = this.#options
    if (this.#isAlone) await Promise.race([this.#joined, pause(this.#limits.joinMs, undefined)])
    const key = keyOf({ kind: 'node', name: message.route })
    let isLookedUp = false
    const lateAt = this.#options.clock.now() + sharedLimits.takeMs
    for (let round = 0; round < this.#limits.roundsMax; round++) {
      const known = this.#replica.version(key)
      const order = orderIn(message)
      if (order !== undefined && isOldNews(order, known?.order))
        return {
          reply: replyToOldNews(message),
          warnings: [],
          isShared: false,
          known: known?.order,
        }
      const proposal = registry.propose(message, facts)
      const { reply, warnings } = proposal
      const writes = this.#writesOf(proposal, { message, facts })
      if (writes.length === 0 && !isLookedUp && known !== undefined && needsLook(message)) {
        isLookedUp = true
        if (await this.#hasOther(key)) continue
        // Somebody else may have changed it meanwhile.
        if (proposal.before !== registry.snapshot) continue
      }
      // Others write all the time, or the store answers with what is past: written later.
      const isLast = round === this.#limits.roundsMax - 1 || this.#options.clock.now() >= lateAt
      const isHere =
        isLast || this.#isAlone || writes.some(({ key: written }) => this.#isHeld(written))
      if (writes.length === 0 || isHere) {
        for (const { key: written, version } of writes) this.#replica.accept(written, version)
        const changes = registry.commit(proposal, facts.now)
        await this.#inForce(publish, proposal.before, changes)
        this.flush()
        return {
          reply,
          warnings,
          isShared: writes.length > 0,
          keys: writes.map((each) => each.key),
        }
      }
      const written = await this.#write(writes, publish)
      if (written === 'done')
        return { reply, warnings, isShared: true, keys: writes.map((each) => each.key) }
    }
    const text = `MEM: Other proxies change node "${message.route}" at the same time, send it again`
    return { reply: problem('MEM', text), warnings: [], isShared: false }
  }

  /** One after the other, so that what has to be there first is there first. */
  async #write(writes: readonly Write[], publish: Publish): Promise<Written> {
    const { store } = this.#options
    for (const { key, version, factor } of writes) {
      const upon = this.#replica.revision(key)
      const { generation } = this.#replica
      this.#writing.set(key, publish)
      let result: PutResult
      try {
        const text = this.#envelopeOf(version, factor)
        result = await this.#put(() => store.put(key, text, upon))
      } finally {
        this.#writing.delete(key)
      }
      if (result.kind === 'unavailable') {
        this.becomeAlone(result.reason)
        return 'alone'
      }
      if (generation !== this.#replica.generation) return 'refused'
      if (result.kind === 'refused') {
        await this.#refresh(key, upon)
        return 'refused'
      }
      this.revision = Math.max(this.revision, result.revision)
      await this.#written(key, version, result.revision, publish)
    }
    return 'done'
  }

  async #written(key: string, version: Version, revision: number, publish: Publish): Promise<void> {
    const subject = subjectOf(key)
    if (subject === undefined) return
    const isOther = this.#replica.see(key, { revision, version })
    const known = this.#replica.version(key)
    // The store was made anew, and counts from the beginning: its next listing clears that up.
    if (!isOther && known !== undefined && compareOrder(version.order, known.order) > 0) {
      this.#replica.accept(key, version)
      await this.#merge(subject, key, this.#options.proxy, publish, undefined)
    }
    this.#noteRemoved(key, subject)
    if (isOther) await this.#merge(subject, key, this.#options.proxy, publish, undefined)
    else await this.#collected?.done
  }

  /**
   * Whether the store has another version than the one that this proxy knows, or does not answer: what changes nothing here
   * may change what is there.
   */
  async #hasOther(key: string): Promise<boolean> {
    if (this.#isAlone) return false
    const known = this.#replica.version(key)
    const upon = this.#replica.revision(key)
    await this.#lookUp(key, upon)
    const isOther = this.#replica.version(key) !== known || this.#replica.revision(key) !== upon
    return this.#isAlone || isOther
  }

  /** After a refused put: the watch tells what is there, or else the store is asked. */
  async #refresh(key: string, upon: number): Promise<void> {
    const { clock } = this.#options
    const end = clock.now() + this.#limits.refusedMs
    while (clock.now() < end) {
      if (this.#replica.revision(key) !== upon) return
      await pause(5)
    }
    await this.#lookUp(key, upon)
  }

  /** Asks the store. @param upon the revision that is known: an earlier answer tells that the store has lost that one. */
  async #lookUp(key: string, upon: number): Promise<void> {
    const { generation } = this.#replica
    const joins = this.#joins
    let entry: Entry | undefined
    try {
      entry = await this.#options.store.get(key)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return joins === this.#joins ? this.becomeAlone(reason) : undefined
    }
    if (generation !== this.#replica.generation) return
    const isUnchanged = this.#replica.revision(key) === upon
    if (entry === undefined) {
      if (isUnchanged) this.#replica.lose(key)
    } else if (isUnchanged)
      await this.#learn(entry, (each, found) => this.#replica.find(each, found))
    else await this.see(entry)
  }

  /** What a proposal means for the store; the node that a message is about comes last. */
  #writesOf(
    { changes, before, snapshot }: Omit<Proposal, 'reply'>,
    cause: { readonly message: NodeMessage; readonly facts: Facts } | undefined,
  ): readonly Write[] {
    const subjects = new Map(
      touchedBy(changes, before, snapshot).map((each) => [keyOf(each), each]),
    )
    const route = cause?.message.route
    const isReport = cause?.message.method === 'STATUS'
    if (route !== undefined && !(isReport && this.hasRecord(route))) {
      const own: Subject = { kind: 'node', name: route }
      subjects.delete(keyOf(own))
      subjects.set(keyOf(own), own)
    }
    return [...subjects.values()].flatMap(
      (subject) =>
        this.#writeOf(subject, snapshot, subject.name === route ? cause : undefined) ?? [],
    )
  }

  #writeOf(
    subject: Subject,
    snapshot: Snapshot,
    cause: { readonly message: NodeMessage; readonly facts: Facts } | undefined,
  ): Write | undefined {
    const text = bodyOf(snapshot, subject)
    if (text === undefined) return undefined
    const key = keyOf(subject)
    const known = this.#replica.version(key)
    const order = this.#orderOf(subject, snapshot, cause, known?.order)
    // A proxy that is alone may have accepted something else before: the later message of the node counts.
    const isSaidAgain = cause !== undefined && isNodes(cause, snapshot)
    const isNews =
      subject.kind === 'node' &&
      cause !== undefined &&
      (isSaidAgain || isFirst(cause.message, order))
    if (known?.text === text && !isNews) return undefined
    // Orders that are not there and are not wanted.
    if (known === undefined && subject.kind === 'orders' && !snapshot.orders.has(subject.name))
      return undefined
    return { key, version: { order, text }, factor: this.#factorOf(key) }
  }

  #orderOf(
    { kind }: Subject,
    snapshot: Snapshot,
    cause: { readonly message: NodeMessage; readonly facts: Facts } | undefined,
    known: Order | undefined,
  ): Order {
    const now = Math.round(this.#options.clock.wall())
    if (kind !== 'node') return afterUncounted(now, known)
    if (cause === undefined) return afterProxy(now, known)
    const { message, facts } = cause
    const counted = orderIn(message)
    if (counted !== undefined) return afterCounted(counted, known)
    if (message.method === 'STATUS') return afterProxy(now, known)
    const node = findNode(snapshot, message.route)
    const isOperator =
      message.method !== 'CONFIG' && node !== undefined && isOperators(message, node, facts)
    return isOperator ? afterProxy(now, known) : afterUncounted(now, known)
  }

  #factorOf(key: string): number | undefined {
    const subject = subjectOf(key)
    if (subject?.kind !== 'node') return undefined
    const node = findNode(this.#options.registry.snapshot, subject.name)
    return node && this.#options.live.of(node.id).loadFactor
  }

  #envelopeOf({ order, text }: Version, factor: number | undefined): string {
    const { proxy, clock } = this.#options
    return writeEnvelope({ order, by: proxy, at: Math.round(clock.wall()), factor }, text)
  }

  #read(subject: Subject, key: string, value: string): Read | Unusable {
    const read = readRecord(subject, value, this.#options.isAllowed)
    if (!('problem' in read)) {
      this.#bad.delete(key)
      return read
    }
    if (!this.#bad.has(key) && this.#bad.size < badMax) {
      this.#options.log.warn(
        { key, reason: read.problem },
        'record of the shared registry not used',
      )
      this.#bad.set(key, read.problem)
    }
    return read
  }

  /** Puts the version that counts in force. @param own of the message that wrote it. */
  #merge(
    { kind, name }: Subject,
    key: string,
    by: string,
    own: Publish | undefined,
    factor: number | undefined,
  ): Promise<void> {
    const { registry, clock, log } = this.#options
    const text = this.#replica.version(key)?.text
    const before = registry.snapshot
    const now = clock.now()
    const was = kind === 'node' ? findNode(before, name) : undefined
    const { changes, warnings } =
      kind === 'node'
        ? registry.mergeNode(name, text === undefined ? undefined : nodeRecordOf(text), now)
        : kind === 'balancer'
          ? text === undefined
            ? nothing
            : registry.mergeBalancer(JSON.parse(text) as BalancerRecord, now)
          : registry.mergeOrders(
              text === undefined ? { route: name, contexts: [] } : (JSON.parse(text) as Orders),
              now,
            )
    for (const warning of warnings) log.warn({ by }, warning)
    const node = kind === 'node' ? findNode(registry.snapshot, name) : undefined
    if (node !== undefined) this.#contest(node)
    if (own !== undefined) return this.#inForce(own, before, changes)
    const isNew = node?.removal === 'none' && node.id !== was?.id
    if (isNew) this.#options.onNode?.(node)
    return this.#collect(before, isNew ? [...changes, firstLoad(node, factor)] : changes, by)
  }

  /** Two proxies may have taken two routes with one address at the same moment. */
  #contest(node: Node): void {
    const rival =
      node.removal === 'none' ? rivalOf(this.#options.registry.snapshot, node) : undefined
    if (rival === undefined) return
    for (const { route } of [node, rival]) this.#contested.add(route)
    if (!this.#isAlone) setImmediate(() => this.#settle())
  }

  /** The one that registered earlier gives way. Every proxy sees that, and the first one writes it. */
  #settle(): void {
    const { log, proxy, publish } = this.#options
    if (this.#isAlone) return
    for (const route of this.#contested) {
      this.#contested.delete(route)
      const taker = this.#takerOf(route)
      if (taker === undefined) continue
      log.warn(
        { route, taker: taker.route },
        'two nodes have one address: the earlier one is removed',
      )
      const due = (): Node | undefined =>
        this.#takerOf(route) && findNode(this.#options.registry.snapshot, route)
      this.#remove(route, due, (before, changes) => publish(before, changes, proxy)).catch(
        (error: unknown) => log.error({ reason: String(error) }, 'fault in the shared registry'),
      )
    }
  }

  /** The node that registered the address of this one later, under another route. */
  #takerOf(route: string): Node | undefined {
    const { snapshot } = this.#options.registry
    const node = findNode(snapshot, route)
    if (node?.removal !== 'none' || node.fixed) return undefined
    const rival = rivalOf(snapshot, node)
    if (rival === undefined || rival.fixed) return undefined
    const [own, other] = [route, rival.route].map((name) =>
      this.#replica.version(keyOf({ kind: 'node', name })),
    )
    if (own === undefined || other === undefined) return undefined
    const difference = compareOrder(own.order, other.order) || (route < rival.route ? -1 : 1)
    return difference < 0 ? rival : undefined
  }

  /** What comes in one turn of the event loop is put in force together. */
  #collect(before: Snapshot, changes: readonly Change[], by: string): Promise<void> {
    if (changes.length === 0) return this.#collected?.done ?? Promise.resolve()
    if (this.#collected !== undefined && this.#collected.by !== by) void this.#publishCollected()
    if (this.#collected === undefined) {
      const done = new Promise<void>((resolve) => {
        setImmediate(() => resolve(this.#publishCollected()))
      })
      this.#collected = { before, changes: [], by, done }
    }
    this.#collected.changes.push(...changes)
    return this.#collected.done
  }

  #publishing: Promise<void> = Promise.resolve()

  #publishCollected(): Promise<void> {
    const collected = this.#collected
    this.#collected = undefined
    if (collected !== undefined) {
      const { before, changes, by } = collected
      this.#publishing = this.#options.publish(before, changes, by).catch((error: unknown) => {
        this.#options.log.error({ reason: String(error) }, 'fault in the shared registry')
      })
    }
    return this.#publishing
  }

  /** After all that was collected before. */
  async #inForce(publish: Publish, before: Snapshot, changes: readonly Change[]): Promise<void> {
    void this.#publishCollected()
    await publish(before, changes)
  }

  #noteRemoved(key: string, { kind }: Subject): void {
    const text = this.#replica.version(key)?.text
    const isOver =
      kind === 'node'
        ? text?.endsWith('"removal":"marked"}') === true
        : kind === 'orders' && text !== undefined && areEmpty(JSON.parse(text) as Orders)
    if (!isOver) this.#removedAt.delete(key)
    else if (!this.#removedAt.has(key)) this.#removedAt.set(key, this.#options.clock.now())
  }

  #inTurn<Result>(route: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(route) ?? Promise.resolve()
    const result = before.then(work)
    const settled = result.then(
      () => {},
      () => {},
    )
    this.#turns.set(route, settled)
    void settled.then(() => {
      if (this.#turns.get(route) === settled) this.#turns.delete(route)
    })
    return result
  }

  async #put(put: () => Promise<PutResult>): Promise<PutResult> {
    if (this.#puts >= sharedLimits.putsMax)
      await new Promise<void>((resolve) => this.#waitingPuts.push(resolve))
    this.#puts += 1
    const joins = this.#joins
    try {
      const result = await Promise.race([put(), this.#left])
      const isPast = result.kind === 'unavailable' && joins !== this.#joins
      return isPast ? { kind: 'refused' } : result
    } finally {
      this.#puts -= 1
      this.#waitingPuts.shift()?.()
    }
  }
}

/** Until its report is heard; without one the node would be a standby. */
const firstLoad = ({ id }: Node, factor: number | undefined): Change =>
  factor === undefined
    ? { kind: 'load', id, factor: unknownFactor, isDefault: true }
    : { kind: 'load', id, factor }

const unknownFactor = 50

/** Bad records that are told apart. */
const badMax = 1_000

const nothing = { changes: [], warnings: [] } as const

type NodeMessage = ConfigMessage | AppMessage | Extract<Message, { method: 'STATUS' }>

const isAboutNode = (message: Message): message is NodeMessage =>
  message.method === 'CONFIG' || message.method === 'STATUS' || 'wildcard' in message

const orderIn = (message: NodeMessage): NodeOrder | undefined =>
  message.method === 'STATUS' ? undefined : message.order

/** Nodes that do not count may have said something else to another proxy just before. */
const needsLook = (message: NodeMessage): boolean =>
  message.method !== 'STATUS' && message.order === undefined

/** Whether a node that does not count its changes says what it wants. */
function isNodes(
  { message, facts }: { readonly message: NodeMessage; readonly facts: Facts },
  snapshot: Snapshot,
): boolean {
  if (message.method === 'STATUS' || orderIn(message) !== undefined) return false
  const node = findNode(snapshot, message.route)
  return message.method === 'CONFIG' || node === undefined || !isOperators(message, node, facts)
}

/** Whether a message is the first of its change that arrives anywhere. */
const isFirst = (message: NodeMessage, order: Order): boolean =>
  orderIn(message) !== undefined && order[2] === 0

/** What the node has said since counts. */
function replyToOldNews(message: NodeMessage): Reply {
  if (!('wildcard' in message) || message.wildcard) return emptyReply
  const { method, route, aliases, contexts } = message
  if (method === 'STOP-APP') return stopReply(route, aliases, contexts, 0)
  return appReply(
    method,
    route,
    aliases.map((alias) => ({ alias, contexts })),
  )
}

function readRecord(
  { kind, name }: Subject,
  value: string,
  isAllowed: (host: string) => boolean,
): Read | Unusable {
  if (value.length > sharedLimits.recordBytesMax) return { problem: 'it is too long' }
  const read = readEnvelope(value)
  if ('problem' in read) return read
  const { envelope, body } = read
  if (kind === 'node') {
    const node = readNodeRecord(name, body)
    if ('problem' in node) return node
    const { host } = node.record.node
    if (!isAllowed(host))
      return { problem: `its address ${host} is not allowed (control.nodes.allow)` }
    return { envelope, text: node.text }
  }
  const other = kind === 'balancer' ? readBalancer(name, body) : readOrders(name, body)
  return 'problem' in other ? other : { envelope, text: other.text }
}
