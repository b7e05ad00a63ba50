// Chooses for a request by the cascade of its path, among the peers that are present.

import type { Clock } from '../../base/clock.ts'
import type { Candidate, ExchangeView, Inquiry, RequestView } from '../../candidacy/candidacy.ts'
import type { Cascades } from '../../candidacy/cascades.ts'
import type { Cascade } from '../../candidacy/compose.ts'
import { decide } from '../../candidacy/decide.ts'
import { type LocationFormat, locationOf } from '../../candidacy/location.ts'
import { usable } from '../../candidacy/usable.ts'
import type { Balancer } from '../../cluster/balancer.ts'
import { isWithin } from '../../cluster/path-map.ts'
import type { Peer } from '../../cluster/peer.ts'
import type { Application } from '../../cluster/routes.ts'
import { agreed, pathReadings } from '../../wire/http/path-readings.ts'
import { type Choice, type Chooser, type Decided, here } from './choice.ts'
import { type PeerCandidates, peerBalancer } from './peer-candidates.ts'

interface CascadeChooserOptions {
  readonly candidates: PeerCandidates
  /** The peers that are present, this server included; another array after each change. */
  readonly peers: () => readonly Peer[]
  readonly clock: Clock
  /** Asks some peers (asking/asking.ts). Default: no peer is asked. */
  readonly ask?: Ask
}

/**
 * @param decided called once with the winner, later than this call returns, unless the wait is cancelled.
 * @returns how to cancel it; `undefined` when none can be asked now.
 */
export type Ask = (
  self: Candidate,
  candidates: readonly Candidate[],
  usualMs: number,
  decided: (winner: Candidate) => void,
) => (() => void) | undefined

export class CascadeChooser implements Chooser {
  /** May be replaced at any time. */
  cascades: Cascades
  /** This server is leaving: it serves every request itself. */
  isLeaving = false
  readonly #options: CascadeChooserOptions
  readonly #view = new View()
  readonly #inquiry = new OpenInquiry()

  constructor(cascades: Cascades, options: CascadeChooserOptions) {
    this.cascades = cascades
    this.#options = options
  }

  get application(): Application {
    return this.#options.candidates.application
  }

  get isOff(): boolean {
    return this.isLeaving || this.cascades.isOff
  }

  first(request: RequestView): Choice {
    const inquiry = this.#inquiry
    inquiry.among = undefined
    const choice = this.#choose(request, none, inquiry)
    if (inquiry.among === undefined) return choice
    return this.#ask(inquiry.among, request) ?? this.#choose(request, none, undefined)
  }

  again(request: RequestView, tried: readonly number[]): Decided {
    return this.#choose(request, tried, undefined)
  }

  /** @param inquiry filled in where the choice needs answers of peers; `undefined`: it is made without. */
  #choose(
    request: RequestView,
    tried: readonly number[],
    inquiry: OpenInquiry | undefined,
  ): Decided {
    const cascade = this.#cascadeFor(request)
    if (cascade === undefined) return here
    const { candidates, peers, clock, ask } = this.#options
    const known = candidates.of(peers())
    if (candidates.isAlone) return here
    const view = this.#view
    view.tried = tried
    view.self = candidates.self
    view.request = cascade.readsRequest ? request : undefined
    view.inquiry = ask !== undefined && candidates.canBeAsked ? inquiry : undefined
    if (inquiry !== undefined) inquiry.usualMs = candidates.announcedMs
    const list = usable(this.#serving(known, request), view, clock)
    const { candidate, mode, location } = decide(cascade, list, view, clock)
    if (candidate === undefined || mode === 'here') return here
    return location === undefined
      ? { mode: 'proxy', candidate }
      : redirect(candidate, location, request)
  }

  /** @returns `undefined` when no peer can be asked now. */
  #ask(among: readonly Candidate[], request: RequestView): Choice | undefined {
    const { ask, candidates } = this.#options
    const { self } = candidates
    if (ask === undefined || self === undefined) return undefined
    const location = this.#cascadeFor(request)?.location
    // The request is valid during this call only.
    const { host, target } = location === undefined ? nothing : request
    let report = (_: Decided): void => {}
    const cancel = ask(self, among, candidates.announcedMs, (winner) => {
      const candidate = this.#present(winner)
      if (candidate === undefined) report(here)
      else if (location === undefined) report({ mode: 'proxy', candidate })
      else report(redirect(candidate, location, { host, target }))
    })
    if (cancel === undefined) return undefined
    const onDecided = (decided: (choice: Decided) => void): void => {
      report = decided
    }
    return { mode: 'asking', pending: { onDecided, cancel } }
  }

  /** A peer as it is now; `undefined` for this server, and for a peer that has left meanwhile. */
  #present({ node }: Candidate): Candidate | undefined {
    const { candidates, peers } = this.#options
    if (this.isLeaving || node.id === candidates.self?.node.id) return undefined
    return candidates.of(peers()).find((candidate) => candidate.node.id === node.id)
  }

  /** `undefined`: the application that the client asked answers. */
  #cascadeFor(request: RequestView): Cascade | undefined {
    if (this.isLeaving) return undefined
    const { cascades } = this
    // Where servers may read the path differently, the cascade is not known.
    const cascade = cascades.isSingle ? cascades.root : this.#cascadeOf(request.target)
    return cascade?.isOff === true ? undefined : cascade
  }

  /** The cascade of a path; `undefined` when servers read the path differently and the readings have different cascades. */
  #cascadeOf(target: string): Cascade | undefined {
    const readings = readingsOf(target)
    if (readings === undefined) return undefined
    const found = agreed(readings, (path) => this.cascades.find(path))
    return found === 'ambiguous' ? undefined : found
  }

  /** The candidates that serve this path, in every reading of it. */
  #serving(known: readonly Candidate[], request: RequestView): readonly Candidate[] {
    if (!this.#options.candidates.haveContexts) return known
    const readings = readingsOf(request.target)
    return known.filter(
      (candidate) =>
        candidate.peer?.isSelf === true ||
        readings?.every((path) => serves(candidate, path)) === true,
    )
  }
}

function serves({ peer }: Candidate, path: string): boolean {
  const contexts = peer?.announcement.contexts ?? []
  if (contexts.length === 0) return true
  return contexts.some((context) => context === '/' || isWithin(path, context))
}

/** How servers may read the path of a target (wire/http/path-readings.ts). */
function readingsOf(target: string): readonly string[] | undefined {
  const [path = ''] = target.split('?', 1)
  return isOdd.test(path) ? pathReadings(path) : [path]
}

/** Without these all servers read a path alike. */
const isOdd = /[;%]|\/[/.]/

/** The input of candidacy functions. One object serves all requests, because a choice does not wait for anything. */
class View implements ExchangeView {
  readonly balancer: Balancer = peerBalancer
  readonly hasSession = false
  readonly sessionId = ''
  readonly route = undefined
  readonly domain = ''
  readonly affinity = undefined
  tried: readonly number[] = none
  self: Candidate | undefined
  inquiry: Inquiry | undefined
  request: RequestView | undefined
}

class OpenInquiry implements Inquiry {
  usualMs = 0
  among: readonly Candidate[] | undefined
}

function redirect(
  candidate: Candidate,
  location: LocationFormat,
  { host, target }: Pick<RequestView, 'host' | 'target'>,
): Decided {
  const place = locationOf(location, candidate, host, target)
  if (place === undefined) return { mode: 'proxy', candidate }
  candidate.live.elected++
  return { mode: 'redirect', location: place }
}

const nothing = { host: '', target: '' }

const none: readonly number[] = []
