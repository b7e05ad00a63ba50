// Where a request would go, and why: the first stages of its way, taken by a request that nobody has sent.
// Nothing is sent and nothing counted. Called by the proxy for the console and `topspin explain`.

import { explain } from '../candidacy/explain.ts'
import type { Candidate } from '../cluster/routes.ts'
import { INCOMPLETE, problemOf } from '../wire/http/problem.ts'
import type { ExchangeClient } from './client/exchange-client.ts'
import { Exchange } from './exchange.ts'
import { findCascade } from './stages/choose.ts'
import { match } from './stages/match.ts'
import { recall } from './stages/recall.ts'
import { noNode, type Refusal } from './stages/refusal.ts'
import type { Traffic } from './traffic/traffic.ts'

export interface ExplainQuestion {
  /** Path and query. */
  readonly target: string
  /** Name in `Host`, with a port or without. */
  readonly host: string
  /** Value of `Cookie`; '' when there is none. */
  readonly cookie: string
  /** Address of the client. */
  readonly client: string
}

/** Plain values, so that it can be sent to another process. */
export interface RequestExplanation {
  /** What the proxy would answer by itself, as `404 NO_CONTEXT`; `null` when a node would be asked. */
  readonly refusal: string | null
  /** The context that was found; `null` when there is none. */
  readonly context: { readonly path: string; readonly balancer: string } | null
  readonly session: {
    /** The request carries a session id of that balancer, whoever it is from. */
    readonly present: boolean
    /** Of the registered node that it is from. */
    readonly route: string | null
    readonly domain: string
  }
  readonly candidates: readonly CandidateFacts[]
  readonly steps: readonly StepFacts[]
  /** Who would be asked. */
  readonly node: string | null
  /** One sentence. */
  readonly why: string
}

export interface CandidateFacts {
  readonly node: string
  /** Of the context, on this node. */
  readonly status: string
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
  /** By what it orders or filters, where there is such a figure. */
  readonly figures: readonly (readonly [node: string, figure: number])[]
  /** Why it left the list as it was, when it failed. */
  readonly failure: string | null
}

export function explainRequest(traffic: Traffic, question: ExplainQuestion): RequestExplanation {
  // Of a client that waits for no answer nothing but the address is looked at.
  const client = { address: question.client, trusted: false } as ExchangeClient
  const exchange = new Exchange(client, traffic)
  const bytes = headBytes(question)
  const parsed = exchange.head.parse(bytes, 0, bytes.length)
  if (parsed === INCOMPLETE) return refused({ status: 400, code: 'HTTP_FIELD', text: 'no request' })
  if (parsed < 0) return refused(problemOf(parsed))
  const refusal = match(exchange)
  if (refusal !== undefined) return refused(refusal)
  recall(exchange)
  findCascade(exchange)
  const { application, cascade } = exchange
  const { candidates } = application
  const { steps, winner, why } = explain(cascade, candidates, exchange, traffic.clock)
  return {
    refusal: winner === undefined ? refusalText(noNode) : null,
    context: {
      path: application.path === '' ? '/' : application.path,
      balancer: application.balancer.name,
    },
    session: {
      present: exchange.hasSession,
      route: exchange.route ?? null,
      domain: exchange.domain,
    },
    candidates: candidates.map(factsOf),
    steps: steps.map((step) => ({
      name: step.name,
      before: step.before,
      after: step.after,
      figures: [...step.figures],
      failure: step.failure ?? null,
    })),
    node: winner ?? null,
    why,
  }
}

function headBytes({ target, host, cookie }: ExplainQuestion): Buffer {
  const session = cookie === '' ? '' : `Cookie: ${cookie}\r\n`
  return Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${session}\r\n`, 'latin1')
}

const refusalText = ({ status, code }: Refusal): string => `${status} ${code}`

const refused = (refusal: Refusal): RequestExplanation => ({
  refusal: refusalText(refusal),
  context: null,
  session: { present: false, route: null, domain: '' },
  candidates: [],
  steps: [],
  node: null,
  why: refusal.text,
})

const factsOf = ({ node, status, live }: Candidate): CandidateFacts => ({
  node: node.route,
  status,
  health: live.health.kind,
  loadFactor: live.loadFactor ?? null,
  inFlight: live.inFlight,
})
