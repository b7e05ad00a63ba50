// A small model of proxies that share a registry, for the exhaustive search of registry-search.test.ts: the product's own rules
// (src/cluster/shared) with a store, watches, messages on their way and faults, as one immutable value.

import {
  afterCounted,
  afterUncounted,
  compareOrder,
  isOldNews,
  type Order,
} from '../../../src/cluster/shared/order.ts'
import {
  type Known,
  nothingKnown,
  onAccepted,
  onLost,
  onSeen,
  revisionOf,
  type Seen,
  type Version,
  versionOf,
} from '../../../src/cluster/shared/versions.ts'

import type { NodeOrder } from '../../../src/wire/mcmp/message.ts'

/** Node 0 counts its changes, as our agent does; node 1 does not, as Java nodes. The key of a node is its number. */
const nodes = [0, 1] as const

/** A message of node 0 has its whole wish; one of node 1 sets one of two contexts, each time to a higher number. */
interface Message {
  readonly node: number
  readonly order: NodeOrder | null
  readonly slot: number
  readonly value: number
}

interface Put {
  readonly proxy: number
  readonly key: number
  readonly version: Version
  readonly upon: number
}

interface Job {
  /** `null`: a version that was accepted before is written. */
  readonly message: Message | null
  readonly put: Put
  /** The store that its proxy had listed. */
  readonly epoch: number
  /** On its way back; `null`: the put is on its way. */
  readonly answer: { readonly isTaken: boolean; readonly present: Seen | null } | null
}

interface Proxy {
  readonly known: readonly Known[]
  /** Of the watch, not yet delivered. */
  readonly events: readonly { readonly key: number; readonly seen: Seen }[]
  readonly inbox: readonly Message[]
  readonly job: Job | null
  readonly isCut: boolean
  readonly isDeaf: boolean
  readonly isAlone: boolean
  /** The store that it has listed last. */
  readonly epoch: number
}

export interface State {
  readonly epoch: number
  readonly revision: number
  readonly store: readonly (Seen | null)[]
  readonly proxies: readonly Proxy[]
  /** Puts whose proxy waits no longer, and which arrive nevertheless. */
  readonly late: readonly Put[]
  /** Of node 0: its process, its changes, and its present wish. */
  readonly run: number
  readonly change: number
  readonly sent: readonly number[]
  readonly faults: number
  /** The latest order that was answered with OK and not as old news, for each node. */
  readonly accepted: readonly (Order | null)[]
  /** By node 1's contexts; what proxies accept while they are alone does not count, nor after a bucket was lost. */
  readonly acceptedSlots: readonly number[]
  readonly isMerged: boolean
}

export interface Bounds {
  readonly proxies: number
  readonly messages: readonly number[]
  readonly faults: number
}

/** Clocks that differ, and do not even run. */
const clockOf = (proxy: number): number => 10 + 100 * proxy

export function firstState({ proxies }: Bounds): State {
  const proxy: Proxy = {
    known: nodes.map(() => nothingKnown),
    events: [],
    inbox: [],
    job: null,
    isCut: false,
    isDeaf: false,
    isAlone: false,
    epoch: 0,
  }
  return {
    epoch: 0,
    revision: 0,
    store: nodes.map(() => null),
    proxies: Array.from({ length: proxies }, () => proxy),
    late: [],
    run: 50,
    change: 0,
    sent: nodes.map(() => 0),
    faults: 0,
    accepted: nodes.map(() => null),
    acceptedSlots: [0, 0],
    isMerged: false,
  }
}

const replace = <T>(list: readonly T[], at: number, item: T): readonly T[] =>
  list.map((old, index) => (index === at ? item : old))

const withProxy = (state: State, at: number, change: Partial<Proxy>): State => ({
  ...state,
  proxies: replace(state.proxies, at, { ...state.proxies[at]!, ...change }),
})

function withKnown(state: State, at: number, key: number, known: Known): State {
  return withProxy(state, at, { known: replace(state.proxies[at]!.known, key, known) })
}

/** Everything that can happen next. */
export function* successors(state: State, bounds: Bounds): Generator<State> {
  const mayFail = state.faults < bounds.faults
  const failed = { ...state, faults: state.faults + 1 }
  for (const at of state.proxies.keys()) {
    const proxy = state.proxies[at]!
    for (const node of nodes)
      if (state.sent[node]! < bounds.messages[node]!) yield sendMessage(state, node, at)
    if (proxy.inbox.length > 0 && proxy.job === null) yield takeMessage(state, at)
    if (proxy.job !== null && !proxy.isCut)
      yield proxy.job.answer === null ? arrive(state, proxy.job.put, at) : answered(state, at)
    if (proxy.events.length > 0 && !proxy.isCut) yield deliver(state, at)
    if (needsListing(state, at)) yield list(state, at)
    if (proxy.job === null && !proxy.isAlone && !proxy.isCut)
      for (const key of nodes)
        if (proxy.known[key]!.unwritten !== undefined) yield writeKept(state, at, key)
    // A put that is not acknowledged in time: it has never arrived, has arrived, or will.
    if (proxy.job !== null && proxy.isCut) yield goAlone(state, at)
    if (!mayFail) continue
    if (proxy.job?.answer === null && !proxy.isCut) {
      yield goAlone(arrive(failed, proxy.job.put, -1), at)
      if (state.late.length === 0)
        yield goAlone({ ...failed, late: [...state.late, proxy.job.put] }, at)
    }
    yield withProxy(failed, at, { isCut: !proxy.isCut })
    if (!proxy.isDeaf) yield withProxy(failed, at, { isDeaf: true, events: [] })
    yield restart(failed, at)
  }
  for (const put of state.late)
    yield arrive({ ...state, late: state.late.filter((each) => each !== put) }, put, -1)
  if (!mayFail) return
  yield loseBucket(failed)
  // The process of node 0 starts anew, where the clock runs behind.
  yield { ...failed, run: state.run - 20, change: 0 }
}

function sendMessage(state: State, node: number, at: number): State {
  const count = state.sent[node]! + 1
  const sent = replace(state.sent, node, count)
  const change = state.change + 1
  const message: Message =
    node === 0
      ? { node, order: [state.run, change], slot: 0, value: wishOf(state.run, change) }
      : { node, order: null, slot: count % 2, value: count }
  const inbox = [...state.proxies[at]!.inbox, message]
  return withProxy({ ...state, sent, ...(node === 0 ? { change } : {}) }, at, { inbox })
}

/** Two wishes that alternate: one may be wished again. */
const wishOf = (run: number, change: number): number => (run + change) % 2

function textAfter(message: Message, before: Version | undefined): string {
  if (message.node === 0) return String(message.value)
  const slots = (before?.text ?? '0 0').split(' ')
  slots[message.slot] = String(Math.max(message.value, Number(slots[message.slot])))
  return slots.join(' ')
}

function takeMessage(state: State, at: number): State {
  const [message, ...inbox] = state.proxies[at]!.inbox
  return propose(withProxy(state, at, { inbox }), at, message!)
}

/** On the proxy's own copy (rule 1). */
function propose(state: State, at: number, message: Message): State {
  const { known, isAlone } = state.proxies[at]!
  const own = known[message.node]!
  const before = versionOf(own)
  if (message.order !== null && isOldNews(message.order, before?.order))
    return afterOldNews(state, message, before!.order)
  const text = textAfter(message, before)
  const order =
    message.order === null
      ? afterUncounted(clockOf(at), before?.order)
      : afterCounted(message.order, before?.order)
  const isNews = message.order !== null && order[2] === 0
  if (before?.text === text && !isNews)
    return accept(state, message, message.order === null ? before.order : [...message.order, 0])
  const version = { order, text }
  if (isAlone || own.unwritten !== undefined) {
    const accepted = accept({ ...state, isMerged: true }, message, order)
    return withKnown(accepted, at, message.node, onAccepted(own, version))
  }
  const put = { proxy: at, key: message.node, version, upon: revisionOf(own) }
  return withProxy(state, at, {
    job: { message, put, epoch: state.proxies[at]!.epoch, answer: null },
  })
}

/** The reply tells the order that counts; a process that is alive takes a later one and says all again. */
function afterOldNews(state: State, { order }: Message, known: Order): State {
  const isPresent = order![0] === state.run && order![1] === state.change
  if (!isPresent || known[0] === state.run) return state
  // Its wish stays what it was, which the parity of the run must not change.
  return { ...state, run: known[0] + 1 + ((known[0] + 1 + state.run) % 2) }
}

function accept(state: State, message: Message, order: Order): State {
  const { node, slot, value } = message
  const before = state.accepted[node]!
  const isLater = before === null || compareOrder(order, before) > 0
  const accepted = isLater ? replace(state.accepted, node, order) : state.accepted
  const acceptedSlots =
    node === 1
      ? replace(state.acceptedSlots, slot, Math.max(value, state.acceptedSlots[slot]!))
      : state.acceptedSlots
  return { ...state, accepted, acceptedSlots }
}

/** A put reaches the store. @param at whom the answer goes to; -1: nobody waits for it. */
function arrive(state: State, put: Put, at: number): State {
  const present = state.store[put.key] ?? null
  const isTaken = (present?.revision ?? 0) === put.upon
  let next = state
  if (isTaken) {
    const revision = state.revision + 1
    const seen: Seen = { revision, version: put.version }
    next = { ...state, revision, store: replace(state.store, put.key, seen) }
    for (const [index, { isDeaf, events }] of next.proxies.entries())
      if (!isDeaf) next = withProxy(next, index, { events: [...events, { key: put.key, seen }] })
  }
  if (at < 0) return next
  const answer = { isTaken, present: isTaken ? next.store[put.key]! : present }
  return withProxy(next, at, { job: { ...state.proxies[at]!.job!, answer } })
}

function answered(state: State, at: number): State {
  const { job, known, epoch } = state.proxies[at]!
  const { put, message, answer } = job!
  const own = known[put.key]!
  const { isTaken, present } = answer!
  let next = withProxy(state, at, { job: null })
  // Another store has been listed meanwhile: the answer means nothing.
  if (job!.epoch !== epoch) return message === null ? next : propose(next, at, message)
  if (!isTaken) {
    const after = present === null ? onLost(own) : onSeen(own, present)
    // Nothing is new and the put is refused: the store was made anew, and is to be listed.
    if (after === own && revisionOf(own) === put.upon) return goAlone(state, at)
    next = withKnown(next, at, put.key, after)
    return message === null ? next : propose(next, at, message)
  }
  const { revision } = present!
  const after = onSeen(own, { revision, version: put.version })
  // Taken where the store has forgotten what this proxy has seen.
  const isLater = compareOrder(put.version.order, versionOf(after)?.order ?? [0, 0, 0]) > 0
  if (isLater || (message === null && after.unwritten?.order === put.version.order))
    return goAlone(state, at)
  next = withKnown(next, at, put.key, after)
  return message === null ? next : accept(next, message, put.version.order)
}

/** The proxy is alone from now on, and proposes again: its copy may have become a later one meanwhile. */
function goAlone(state: State, at: number): State {
  const { message } = state.proxies[at]!.job!
  const next = withProxy(state, at, { isAlone: true, isDeaf: true, job: null, events: [] })
  return message === null ? next : propose(next, at, message)
}

function deliver(state: State, at: number): State {
  const [event, ...events] = state.proxies[at]!.events
  const { key, seen } = event!
  const next = withProxy(state, at, { events })
  return withKnown(next, at, key, onSeen(next.proxies[at]!.known[key]!, seen))
}

function needsListing(state: State, at: number): boolean {
  const { isCut, isDeaf, isAlone } = state.proxies[at]!
  return !isCut && (isDeaf || isAlone)
}

/** A new watch, whole, with a sweep. */
function list(state: State, at: number): State {
  const { known, epoch } = state.proxies[at]!
  const isOther = epoch !== state.epoch
  const after = known.map((own, key) => {
    const present = state.store[key] ?? null
    const isAhead = present !== null && present.revision < revisionOf(own)
    const before = isOther || present === null || isAhead ? onLost(own) : own
    return present === null ? before : onSeen(before, present)
  })
  return withProxy(state, at, {
    known: after,
    events: [],
    isDeaf: false,
    isAlone: false,
    epoch: state.epoch,
  })
}

function writeKept(state: State, at: number, key: number): State {
  const own = state.proxies[at]!.known[key]!
  const put = { proxy: at, key, version: own.unwritten!, upon: revisionOf(own) }
  const { epoch } = state.proxies[at]!
  return withProxy(state, at, { job: { message: null, put, epoch, answer: null } })
}

/** Its messages hang elsewhere, its copy comes from the state file. */
function restart(state: State, at: number): State {
  const known = state.proxies[at]!.known.map(() => nothingKnown)
  const empty = { known, events: [], job: null, inbox: [], isDeaf: true, isAlone: true }
  return demandingLess(withProxy({ ...state, isMerged: true }, at, empty))
}

function loseBucket(state: State): State {
  const proxies = state.proxies.map((proxy) => ({ ...proxy, isDeaf: true, events: [] }))
  const store = nodes.map(() => null)
  return demandingLess({
    ...state,
    epoch: state.epoch + 1,
    revision: 0,
    store,
    proxies,
    isMerged: true,
  })
}

/** What neither the store nor a proxy knows any more cannot be kept. */
function demandingLess(state: State): State {
  const accepted = nodes.map((node) => {
    const there = [
      state.store[node]?.version,
      ...state.proxies.map(({ known }) => versionOf(known[node]!)),
    ]
    const orders = there.flatMap((version) => (version === undefined ? [] : [version.order]))
    const latest = orders.sort(compareOrder).at(-1) ?? null
    const before = state.accepted[node]!
    if (before === null || latest === null) return null
    return compareOrder(before, latest) > 0 ? latest : before
  })
  return { ...state, accepted }
}

/** Faults end, and everything that is under way is done, in one fair order. */
function quiet(state: State): State {
  let now: State = {
    ...state,
    proxies: state.proxies.map((proxy) => ({ ...proxy, isCut: false })),
  }
  for (let round = 0; round < 100; round++) {
    const next = step(now)
    if (next === undefined) return now
    now = next
  }
  throw new Error('never quiet')
}

function step(state: State): State | undefined {
  const [put] = state.late
  if (put !== undefined) return arrive({ ...state, late: state.late.slice(1) }, put, -1)
  for (const [at, proxy] of state.proxies.entries()) {
    if (proxy.job !== null)
      return proxy.job.answer === null ? arrive(state, proxy.job.put, at) : answered(state, at)
    if (needsListing(state, at) || proxy.epoch !== state.epoch) return list(state, at)
    if (proxy.events.length > 0) return deliver(state, at)
    if (proxy.inbox.length > 0) return takeMessage(state, at)
    for (const key of nodes)
      if (proxy.known[key]!.unwritten !== undefined) return writeKept(state, at, key)
  }
  return undefined
}

/** What is wrong with a state, once it is quiet. */
export function problemOf(state: State): string | undefined {
  const end = quiet(state)
  for (const node of nodes) {
    const stored = end.store[node]?.version
    for (const [at, { known }] of end.proxies.entries()) {
      const own = versionOf(known[node]!)
      if (JSON.stringify(own) !== JSON.stringify(stored))
        return `proxy ${at} has ${JSON.stringify(own)} of node ${node}, the store ${JSON.stringify(stored)}`
    }
    const accepted = end.accepted[node]!
    if (accepted === null) continue
    if (stored === undefined || compareOrder(stored.order, accepted) < 0)
      return `accepted ${accepted} of node ${node}, the store has ${JSON.stringify(stored)}`
    if (node === 0 && stored !== undefined) {
      const [run, change] = stored.order
      if (stored.text !== String(wishOf(run, change)))
        return `node 0 at ${stored.order} has the wish ${stored.text}`
    }
    if (node === 1 && !end.isMerged && stored !== undefined) {
      const slots = stored.text.split(' ').map(Number)
      if (end.acceptedSlots.some((value, slot) => value > slots[slot]!))
        return `accepted ${end.acceptedSlots}, the store has ${stored.text}`
    }
  }
  return shutOut(end)
}

/** What node 0 says next has to count everywhere, with one more attempt where its clock runs behind. */
function shutOut(end: State): string | undefined {
  let now = sendMessage(end, 0, 0)
  const wish = wishOf(now.run, now.change)
  now = quiet(now)
  if (now.run !== end.run) {
    const message = { node: 0, order: [now.run, now.change] as const, slot: 0, value: wish }
    const inbox = [...now.proxies[0]!.inbox, message]
    now = quiet(withProxy(now, 0, { inbox }))
  }
  const text = now.store[0]?.version?.text
  return text === String(wish) ? undefined : `node 0 is shut out: it wants ${wish}, and has ${text}`
}
