// Candidacy: which servers may get a request, as functions from list to list (mod_backhand's design). A function
// filters, orders or truncates the list of candidates; the first of the final list is chosen. If the final list is
// empty, the proxy answers 503 and a peer serves the request itself.

import type { Clock, Random } from '../base/clock.ts'
import type { Balancer } from '../cluster/balancer.ts'
import type { Candidate } from '../cluster/routes.ts'
import type { LocationFormat } from './location.ts'

export type { Candidate }

/** The part of an exchange that candidacy functions may read. */
export interface ExchangeView {
  readonly balancer: Balancer
  /** The request carries a session id, whether or not its route is registered (mcmp.md decision 52). */
  readonly hasSession: boolean
  /** The session id with its route, one character per byte; '' when there is none. */
  readonly sessionId: string
  /** Route of the session; `undefined` unless a node of this balancer has it. */
  readonly route: string | undefined
  /** Row of the node with that route (`Node.slot`). */
  readonly slot?: number | undefined
  /** Domain of the node with that route; '' when there is none. */
  readonly domain: string
  /**
   * Hash of the session's key, 32 bits: requests with the same one go to the same node, unless `route` has a usable one.
   * `undefined` when there is none.
   */
  readonly affinity: number | undefined
  /** `node.id` of the nodes to which attempts of this exchange have failed. */
  readonly tried: readonly number[]
  /** The request has waited for a place at a full node, and may have the next one. */
  readonly isQueued?: boolean
  /** This server's own candidate; `undefined` in a proxy, which serves no requests itself. */
  readonly self: Candidate | undefined
  /** Set where peers can be asked how much room they have, before a choice is made. */
  readonly inquiry?: Inquiry | undefined
  /** The request as text; `undefined` unless a function of the cascade reads it (`Cascade.readsRequest`). */
  readonly request: RequestView | undefined
}

/** A function of a cascade leaves the choice to the answers of peers. Read by the owner of the exchange afterwards. */
export interface Inquiry {
  /** Usual service time at the peers, as they announce it, ms; 0 if unknown. */
  readonly usualMs: number
  /** Set by the function: the candidates of which some are asked, this server among them. */
  among: readonly Candidate[] | undefined
}

/** A request as candidacy functions see it. */
export interface RequestView {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
  /** Name in `Host`, without port, in lower case. */
  readonly host: string
  /** Address of the client, without port. */
  readonly client: string
  /** Value of the first field of this name; `undefined` when there is none. @param name in lower case. */
  field(name: string): string | undefined
}

/**
 * A candidacy function. It returns a list of the candidates that it received, or `exchange.self`, each at most once,
 * and does not modify the list that it received. If it throws, the list stays as it was and the failure is counted.
 */
export type Candidacy = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
) => readonly Candidate[]

/** One function of a cascade, bound to its argument. */
export interface Step {
  /** As in the configuration, with the argument: `byAge 6`. */
  readonly name: string
  readonly apply: Candidacy
  /** The figure that it orders or filters by, for explanations. */
  readonly figure: ((candidate: Candidate, clock: Clock) => number) | undefined
  /** The client is redirected to this location of the chosen candidate. */
  readonly location: LocationFormat | undefined
  /** No balancing: the cascade consists of this function alone. */
  readonly isOff: boolean
  /** It reads `exchange.request`. */
  readonly readsRequest: boolean
  /** It reads `live.latency`, which is measured only for cascades that read it. */
  readonly readsLatency: boolean
  /** It returns the list unchanged and updates its own state; explanations skip it. */
  readonly annotates: boolean
  /**
   * What `apply` would leave, and why. Explanations take it instead, unless it returns `undefined`. A function whose choices
   * count for the next ones has one.
   */
  readonly preview: ((...given: Parameters<Candidacy>) => Preview | undefined) | undefined
  /** Of a filter: whether it leaves this candidate in any list, for no better one. */
  readonly admits: Admits | undefined
  /**
   * Of a function that leaves one candidate: chooses among a few of many that are drawn at random, so that it costs the same
   * at any number of candidates. Returns `undefined` where `admits` holds for too few; then `apply` gets the whole list.
   */
  readonly chooseDrawn: ChooseDrawn | undefined
}

export type Admits = (candidate: Candidate, exchange: ExchangeView) => boolean

type ChooseDrawn = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
  admits: Admits,
) => Candidate | undefined

/** The result that a function would have for a list. */
export interface Preview {
  readonly left: readonly Candidate[]
  /** One sentence. */
  readonly why: string
  /** Of the candidates that the function was given, or of those that it drops. */
  readonly reasons: readonly CandidateReason[]
}

/** Why a candidate was chosen or not, with its figures. */
export interface CandidateReason {
  readonly candidate: string
  /** By name, in the order in which they are shown. */
  readonly figures: ReadonlyMap<string, number>
  /** One sentence. */
  readonly why: string
}

/** The inputs of functions besides their argument. */
export interface Means {
  readonly random: Random
  /** Keys of the routes in session ids: one signed with any of them is accepted. When empty, routes are plain names. */
  readonly routeKeys: readonly Uint8Array[]
  /** Functions from users' modules, by `file#name` as written in the configuration. */
  readonly policies: ReadonlyMap<string, UserCandidacy>
}

/** A function in a user's module: like `Candidacy`, with the argument from the configuration as last parameter. */
export type UserCandidacy = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
  argument: string,
) => readonly Candidate[]

/** A function that a cascade can name, before it is bound to an argument. */
export interface Kind {
  /** Names are compared case-insensitively. */
  readonly name: string
  /** Other spellings, such as mod_backhand's. */
  readonly aliases: readonly string[]
  /** Syntax of its argument, for messages; '' when it takes none. */
  readonly form: string
  /** Parses the argument, '' when there is none. @returns the step's maker, or the error message. */
  readonly read: (argument: string) => Maker | string
}

/** Makes a step; parts that it leaves out have their defaults. */
export type Maker = (means: Means) => StepParts

export type StepParts = Pick<Step, 'apply'> & Partial<Omit<Step, 'name' | 'apply'>>

/** A complete step. All steps have the same object shape, so that the loop over them stays monomorphic. */
export function stepOf(name: string, parts: StepParts): Step {
  return {
    name,
    apply: parts.apply,
    figure: parts.figure,
    location: parts.location,
    isOff: parts.isOff ?? false,
    readsRequest: parts.readsRequest ?? false,
    readsLatency: parts.readsLatency ?? false,
    annotates: parts.annotates ?? false,
    preview: parts.preview,
    admits: parts.admits,
    chooseDrawn: parts.chooseDrawn,
  }
}

/** A function that takes no argument. */
export function plainKind(
  name: string,
  apply: Candidacy,
  more: { readonly aliases?: readonly string[] } & Omit<StepParts, 'apply'> = {},
): Kind {
  const { aliases = [], ...parts } = more
  const read = (argument: string): Maker | string =>
    argument === '' ? () => ({ apply, ...parts }) : 'it takes no argument'
  return { name, aliases, form: '', read }
}
