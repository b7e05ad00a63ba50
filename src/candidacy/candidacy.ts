// Candidacy: which servers may get a request, as functions from list to list (mod_backhand's idea). A
// function filters, orders or truncates; the state is the list itself, and the head of the final list
// wins. An empty list means that nobody may: the proxy answers 503, a peer serves the request itself.

import type { Clock, Random } from '../base/clock.ts'
import type { Balancer } from '../cluster/balancer.ts'
import type { Candidate } from '../cluster/routes.ts'
import type { LocationFormat } from './location.ts'

export type { Candidate }

/** What a function may know of the exchange. */
export interface ExchangeView {
  readonly balancer: Balancer
  /** The request carries a session id, with or without a route that we know (mcmp.md decision 52). */
  readonly hasSession: boolean
  /** The session id with its route, one character for each byte; '' when there is none. */
  readonly sessionId: string
  /** Route of the session, when a node of this balancer has it. */
  readonly route: string | undefined
  /** Domain of the node with that route; '' when it has none. */
  readonly domain: string
  /** `node.id` of those that were tried for this exchange and failed. */
  readonly tried: readonly number[]
  /** This server among the candidates; `undefined` in a proxy, which serves nothing itself. */
  readonly self: Candidate | undefined
  /** The request as text; there only when a function of the cascade reads it (`Cascade.readsRequest`). */
  readonly request: RequestView | undefined
}

/** A request as candidacy functions read it. */
export interface RequestView {
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** Of `Host`, without port, in lower case. */
  readonly host: string
  /** Address of the client, without port. */
  readonly client: string
  /** Value of the first field with this name, which is given in lower case. */
  field(name: string): string | undefined
}

/**
 * Gives back a list of candidates that it was given (or of `exchange.self`), each at most once. Never
 * changes the list that it was given.
 */
export type Candidacy = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
) => readonly Candidate[]

/** One function of a cascade, made for its argument. */
export interface Step {
  /** As in the configuration, with the argument: `byAge 6`. */
  readonly name: string
  readonly apply: Candidacy
  /** By what it orders or filters, for explanations. */
  readonly figure: ((candidate: Candidate, clock: Clock) => number) | undefined
  /** Whoever wins is reached by a redirect to this place. */
  readonly location: LocationFormat | undefined
  /** No balancing: the cascade is this one function. */
  readonly isOff: boolean
  /** It looks at `exchange.request`. */
  readonly readsRequest: boolean
  /** It looks at `live.latency`, which is kept only where somebody does. */
  readonly readsLatency: boolean
  /** It leaves the list as it is and changes live numbers; explanations pass it over. */
  readonly annotates: boolean
}

/** What functions are made with, beside their argument. */
export interface Means {
  readonly random: Random
  /** Keys by which routes in session ids are signed; none: routes are plain names. */
  readonly routeKeys: readonly Uint8Array[]
  /** Functions of users' modules, by `file#name` as in the configuration. */
  readonly policies: ReadonlyMap<string, UserCandidacy>
}

/** A function in a module of a user's: like ours, with the argument from the configuration behind. */
export type UserCandidacy = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
  argument: string,
) => readonly Candidate[]

/** A function that a cascade can name. */
export interface Kind {
  /** Names are compared without regard to case. */
  readonly name: string
  /** Older or other spellings. */
  readonly aliases: readonly string[]
  /** How its argument is written, for messages; '' when it takes none. */
  readonly form: string
  /** Reads the argument ('' when there is none); a text says what is wrong with it. */
  readonly read: (argument: string) => Maker | string
}

/** Makes what sets a step apart from the plain one. */
export type Maker = (means: Means) => StepParts

export type StepParts = Pick<Step, 'apply'> & Partial<Omit<Step, 'name' | 'apply'>>

/** A whole step: all have the same shape, so that cascades run at full speed. */
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
  }
}

/** A function without an argument. */
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
