// Chooses for a request by the cascade of its path, among the peers that are present.

import type { Clock } from '../../base/clock.ts'
import type { Candidate, ExchangeView, RequestView } from '../../candidacy/candidacy.ts'
import type { Cascades } from '../../candidacy/cascades.ts'
import type { Cascade } from '../../candidacy/compose.ts'
import { decide } from '../../candidacy/decide.ts'
import { locationOf } from '../../candidacy/location.ts'
import { usable } from '../../candidacy/usable.ts'
import type { Balancer } from '../../cluster/balancer.ts'
import { isWithin } from '../../cluster/path-map.ts'
import type { Peer } from '../../cluster/peer.ts'
import type { Application } from '../../cluster/routes.ts'
import { agreed, pathReadings } from '../../wire/http/path-readings.ts'
import { type Choice, type Chooser, here } from './choice.ts'
import { type PeerCandidates, peerBalancer } from './peer-candidates.ts'

export interface CascadeChooserOptions {
  readonly candidates: PeerCandidates
  /** The peers that are present, this server included; another array after each change. */
  readonly peers: () => readonly Peer[]
  readonly clock: Clock
}

export class CascadeChooser implements Chooser {
  /** May be replaced at any time. */
  cascades: Cascades
  /** This server is leaving: it serves every request itself. */
  isLeaving = false
  readonly #options: CascadeChooserOptions
  readonly #view = new View()

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
    return this.#choose(request, none)
  }

  again(request: RequestView, tried: readonly number[]): Choice {
    return this.#choose(request, tried)
  }

  #choose(request: RequestView, tried: readonly number[]): Choice {
    const { cascades } = this
    if (this.isLeaving) return here
    const cascade = cascades.isSingle ? cascades.find('') : this.#cascadeOf(request.target)
    // Servers may read the path differently: the application that the client asked answers.
    if (cascade === undefined || cascade.isOff) return here
    const { candidates, peers, clock } = this.#options
    const known = candidates.of(peers())
    if (candidates.isAlone) return here
    const view = this.#view
    view.tried = tried
    view.self = candidates.self
    view.request = cascade.readsRequest ? request : undefined
    const list = usable(this.#serving(known, request), view, clock)
    const { candidate, mode, location } = decide(cascade, list, view, clock)
    if (candidate === undefined || mode === 'here') return here
    if (location === undefined) return { mode: 'proxy', candidate }
    const place = locationOf(location, candidate, request.host, request.target)
    if (place === undefined) return { mode: 'proxy', candidate }
    candidate.live.elected++
    return { mode: 'redirect', location: place }
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
  tried: readonly number[] = none
  self: Candidate | undefined
  request: RequestView | undefined
}

const none: readonly number[] = []
