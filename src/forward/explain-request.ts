// Where a request would go, and why: stages 2 to 4 for a request that does not exist. Nothing is sent and nothing is
// counted. Called by the front proxy for the console and `topspin explain`.

import type { CandidateReason } from '../candidacy/candidacy.ts'
import { explain } from '../candidacy/explain.ts'
import { fullAmong, isFullFor } from '../candidacy/usable.ts'
import { ownStatusOf } from '../cluster/context.ts'
import type { OrderedStatus } from '../cluster/orders.ts'
import type { Candidate } from '../cluster/routes.ts'
import { INCOMPLETE, problemOf } from '../wire/http/problem.ts'
import type { ContextStatus } from '../wire/mcmp/context-status.ts'
import { ChoiceState, RequestState } from './exchange-state.ts'
import type { ExchangeTraffic } from './exchange-traffic.ts'
import { noNode, queueFull, type Refusal } from './refusal.ts'
import { Asked, type Origin } from './rules/asked.ts'
import { describeRule } from './rules/describe-rule.ts'
import { findCascade } from './stages/choose.ts'
import { homeAmong } from './stages/enqueue.ts'
import { match } from './stages/match.ts'
import { recall } from './stages/recall.ts'
import { applyRule, denied, findRule } from './stages/rule.ts'
import { turnBack } from './stages/turn-back.ts'

export interface ExplainQuestion {
  /** Path and query. */
  readonly target: string
  /** Name in `Host`, with a port or without. */
  readonly host: string
  /** Value of `Cookie`; '' when there is none. */
  readonly cookie: string
  /** Other header fields, as `Name: value`. */
  readonly headers?: readonly string[]
  /** Address of the client. */
  readonly client: string
  /** Default GET. */
  readonly method?: string
  /** The client uses HTTPS. Default false. */
  readonly isSecure?: boolean
}

/** Plain values, so that it can be sent to another process. */
export interface RequestExplanation {
  /** The proxy's own response, as `404 NO_CONTEXT`; `null` when a node would be asked, now or after a wait. */
  readonly refusal: string | null
  /** The rule of the configuration that applies; `null` for none. */
  readonly rule: RuleFacts | null
  readonly method: string
  /** After a failed attempt it is sent to another node, even if the first one may have begun it. */
  readonly isIdempotent: boolean
  /** What clients may speak, and what the chosen node does; `null` when none is asked. */
  readonly protocols: { readonly clients: readonly string[]; readonly node: string | null }
  /** The context of the path; `null` when there is none. */
  readonly context: { readonly path: string; readonly balancer: string } | null
  readonly session: {
    /** The request carries a session id of that balancer, a valid cookie of the proxy, or a key. */
    readonly present: boolean
    /** What it was recognised by; `null` when nothing names a node or is a key. */
    readonly by: 'id' | 'cookie' | 'header' | 'query' | null
    /** Route of the session's node, if that is registered. */
    readonly route: string | null
    readonly domain: string
    /** The proxy's own cookie in the request. */
    readonly cookie: { readonly name: string; readonly isValid: boolean } | null
  }
  /** When responses of the application get the proxy's own cookie, and its name; `null`: never. */
  readonly insert: { readonly when: string; readonly name: string } | null
  readonly candidates: readonly CandidateFacts[]
  readonly steps: readonly StepFacts[]
  /** The node that would be asked; `null` for a response of the proxy, or when the request waits for any node. */
  readonly node: string | null
  /** The reason, one sentence. */
  readonly why: string
}

interface RuleFacts {
  /** Its place in `routes`, from 1. */
  readonly number: number
  readonly name: string
  /** What it does to the request, one sentence each: `rule 3 stripped /api`. */
  readonly did: readonly string[]
}

export interface CandidateFacts {
  readonly node: string
  /** Of the context, on this node: the node's own, or the one that an operator has ordered; the less enabled counts. */
  readonly status: ContextStatus
  /** What an operator has ordered, and the node's own status beside it; absent where nothing is ordered. */
  readonly order?: OrderedStatus
  readonly own?: ContextStatus
  readonly health: string
  /** `null` before the first report. */
  readonly loadFactor: number | null
  readonly inFlight: number
}

export interface StepFacts {
  /** The candidacy function with its argument. */
  readonly name: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** The figure by which it orders or filters, for each node; empty if it has none. */
  readonly figures: readonly (readonly [node: string, figure: number])[]
  /** Why it left the list unchanged, when it failed. */
  readonly failure: string | null
  /** Why each candidate was chosen or not, best first; empty if the function does not report it. */
  readonly reasons: readonly ReasonFacts[]
}

export interface ReasonFacts {
  readonly node: string
  /** By name: for `byRoom` `inHand`, `long`, `knee`, `ms`, `usual`, `cost`, `errors`, `trialInMs`, `cap` and others. */
  readonly figures: Readonly<Record<string, number>>
  /** One sentence. */
  readonly why: string
}

export function explainRequest(
  traffic: ExchangeTraffic,
  question: ExplainQuestion,
): RequestExplanation {
  const request = new RequestState(traffic.routes, traffic.settings.headLimits)
  const choice = new ChoiceState(traffic.cascades.root)
  const bytes = headBytes(question)
  const { settings } = traffic
  const clients = settings.http2 ? ['HTTP/1.1', 'h2'] : ['HTTP/1.1']
  const { method = 'GET' } = question
  const about = { method, isIdempotent: false, protocols: { clients, node: null } }
  const parsed = request.head.parse(bytes, 0, bytes.length)
  if (parsed === INCOMPLETE)
    return refused({ status: 400, code: 'HTTP_FIELD', text: 'no request' }, about)
  if (parsed < 0) return refused(problemOf(parsed), about)
  const { isIdempotent } = request.head
  const { rules } = traffic
  request.end = parsed
  const asked = new Asked(request.head, originOf(question))
  const own =
    turnBack(request.head, settings, noClient) ??
    (rules &&
      (findRule(request, rules, asked) ?? denied(request, asked) ?? applyRule(request, asked)))
  const refusal = own ?? match(request, traffic)
  if (refusal !== undefined) return refused(refusal, { ...about, isIdempotent }, request)
  recall(request, choice, traffic)
  findCascade(request, choice, traffic, question.client)
  const { application, cascade } = choice
  const { candidates } = application
  const { insert } = traffic.sticky.of(application)
  const { steps, winner, why } = explain(cascade, candidates, choice, traffic.clock)
  const chosen = candidates.find(({ node }) => node.route === winner)
  return {
    ...outcomeOf(choice, winner, why),
    rule: ruleFacts(request),
    method,
    isIdempotent,
    protocols: { clients, node: chosen === undefined ? null : protocolOf(chosen.node) },
    context: {
      path: application.path === '' ? '/' : application.path,
      balancer: application.balancer.name,
    },
    session: {
      present: choice.hasSession || choice.recalledBy !== '',
      by: choice.recalledBy === '' ? null : choice.recalledBy,
      route: choice.route ?? null,
      domain: choice.domain,
      cookie: cookieFacts(choice),
    },
    insert: insert === undefined ? null : { when: insert.when, name: insert.name },
    candidates: candidates.map(factsOf),
    steps: steps.map((step) => ({
      name: step.name,
      before: step.before,
      after: step.after,
      figures: [...step.figures],
      failure: step.failure ?? null,
      reasons: step.reasons.map(reasonFacts),
    })),
  }
}

const originOf = ({ client, isSecure = false }: ExplainQuestion): Origin => ({
  clientOf: () => client,
  isSecure: () => isSecure,
})

const ruleFacts = ({ rule, prefixChange, coding }: RequestState): RuleFacts | null =>
  rule === undefined
    ? null
    : {
        number: rule.number,
        name: rule.settings.name,
        did: describeRule(rule, prefixChange, coding),
      }

/** The question names no listener, so that its redirect to HTTPS is not known. */
const noClient: Parameters<typeof turnBack>[2] = {
  httpsRedirect: undefined,
  forwarded: { write() {}, clientOf: () => '', isSecure: () => true },
}

/** The protocol that a node of this type is asked in. */
const protocolOf = ({ type }: Candidate['node']): string => protocols.get(type) ?? type

const protocols: ReadonlyMap<string, string> = new Map([
  ['http', 'HTTP/1.1'],
  ['ws', 'HTTP/1.1'],
  ['https', 'HTTP/1.1 over TLS'],
  ['wss', 'HTTP/1.1 over TLS'],
  ['h2c', 'h2c'],
  ['h2', 'h2'],
  ['ajp', 'AJP/1.3'],
])

function headBytes({
  method = 'GET',
  target,
  host,
  cookie,
  headers = [],
}: ExplainQuestion): Buffer {
  const session = cookie === '' ? [] : [`Cookie: ${cookie}`]
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...session, ...headers, '', '']
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

function cookieFacts({ sticky }: ChoiceState): RequestExplanation['session']['cookie'] {
  if (sticky === undefined) return null
  return { name: sticky.name, isValid: sticky.session !== undefined }
}

type Outcome = Pick<RequestExplanation, 'refusal' | 'node' | 'why'>

/** @param winner of the cascade: the request goes there, or waits for a place there. */
function outcomeOf(choice: ChoiceState, winner: string | undefined, why: string): Outcome {
  const { candidates } = choice.application
  if (winner !== undefined) {
    const chosen = candidates.find(({ node }) => node.route === winner)
    const waits = chosen !== undefined && isFullFor(chosen, choice)
    const text = waits ? `${why}; it is full, so the request waits for a place there` : why
    return { refusal: null, node: winner, why: text }
  }
  const full = fullAmong(candidates, choice)
  if (full.length === 0) return { refusal: refusalText(noNode), node: null, why }
  const home = homeAmong(full)
  if (home === undefined)
    return { refusal: refusalText(queueFull), node: null, why: queueFull.text }
  const seconds = (home.node.own?.queueMs ?? 0) / 1_000
  const text = `all usable nodes are full, so the request waits for a place, at most ${seconds} s`
  return { refusal: null, node: null, why: text }
}

const refusalText = ({ status, code }: Refusal): string => `${status} ${code}`

const refused = (
  refusal: Refusal,
  about: Pick<RequestExplanation, 'method' | 'isIdempotent' | 'protocols'>,
  request?: RequestState,
): RequestExplanation => ({
  ...about,
  refusal: refusalText(refusal),
  rule: request === undefined ? null : ruleFacts(request),
  context: null,
  session: { present: false, by: null, route: null, domain: '', cookie: null },
  insert: null,
  candidates: [],
  steps: [],
  node: null,
  why: refusal.location === undefined ? refusal.text : `to ${refusal.location}`,
})

const reasonFacts = ({ candidate, figures, why }: CandidateReason): ReasonFacts => ({
  node: candidate,
  figures: Object.fromEntries(figures),
  why,
})

const factsOf = ({ node, status, context, live }: Candidate): CandidateFacts => ({
  node: node.route,
  status,
  ...(context?.order === undefined ? {} : { order: context.order, own: ownStatusOf(context) }),
  health: live.health.kind,
  loadFactor: live.loadFactor ?? null,
  inFlight: live.inFlight,
})
