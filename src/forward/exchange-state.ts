// The state of one exchange, a request with its response. The fields are in groups, and a stage may write its own
// group only: stages 1 to 4 get single groups, the later ones `AttemptStage` and `ResponseStage`. One object serves many
// exchanges, one after the other (exchange-pool.ts), so that a request allocates none.

import type { ExchangeView, RequestView } from '../candidacy/candidacy.ts'
import type { Cascade } from '../candidacy/compose.ts'
import type { LocationFormat } from '../candidacy/location.ts'
import type { Balancer } from '../cluster/balancer.ts'
import { newDerived } from '../cluster/candidate.ts'
import { HeldRequest } from '../cluster/held-requests.ts'
import type { Application, Candidate, Routes } from '../cluster/routes.ts'
import type { Coding } from '../wire/http/accept-encoding.ts'
import { BodyRelay } from '../wire/http/body-relay.ts'
import type { Fields } from '../wire/http/fields.ts'
import type { HeadLimits } from '../wire/http/head-limits.ts'
import type { Out } from '../wire/http/out.ts'
import { RequestHead } from '../wire/http/request-head.ts'
import { ResponseHead } from '../wire/http/response-head.ts'
import type { WebSocketFrames } from '../wire/websocket-frames.ts'
import type { ExchangeClient } from './exchange-client.ts'
import type { ExchangeTraffic, Upload } from './exchange-traffic.ts'
import type { LeasedConnection } from './node/node-context.ts'
import type { Refusal } from './refusal.ts'
import type { CompressedReceiver, Compressor } from './rules/compressor.ts'
import type { PrefixChange } from './rules/prefix-change.ts'
import type { Rule } from './rules/rule.ts'
import type { RuleSettings } from './rules/rule-settings.ts'
import type { Rules } from './rules/rules.ts'
import type { RuleValues } from './rules/template.ts'
import type { StickySession } from './shared/sticky-rules.ts'
import type { RequestTrace } from './shared/tracing.ts'

/** The request as it arrived. Written by accept (1), rule and match (2). */
export class RequestState {
  readonly head: RequestHead
  readonly body: BodyRelay = new BodyRelay()
  /** Offset after this request, in the bytes that the exchange began with. */
  end = 0
  /** `undefined` for an ordinary request, even one with an Upgrade field. */
  upgrade: WantedUpgrade | undefined
  /** Time of arrival, ms of the clock. */
  startedAt = 0
  line: RequestLine | undefined
  /** '' unless requests have ids. */
  id = ''
  /** Absent unless requests are traced. */
  trace: RequestTrace | undefined
  /** The rule that applies. */
  rule: Rule | undefined
  /** What its variables stand for, if it has any. */
  ruleValues: RuleValues | undefined
  /** What the client accepts, where the rule compresses responses. */
  coding: Coding | undefined
  /** The weak validators in If-None-Match, where the rule compresses responses; '' without one. */
  weakTags = ''
  /** What the client's credentials lead to, while that is awaited: a response of the proxy, or nothing. */
  login: Promise<Refusal | undefined> | undefined
  /** What it has done to the path. */
  prefixChange: PrefixChange | undefined
  /** The routes that were in force when the request was matched. */
  routes: Routes
  /** Decoded, as contexts are matched. */
  path = ''
  /** Host without port, in lower case, where aliases count; else ''. */
  host = ''
  /** One for each balancer that has the context. */
  applications: readonly Application[] = []

  constructor(routes: Routes, limits: HeadLimits) {
    this.head = new RequestHead(limits)
    this.routes = routes
  }
}

/** How the cascade redirects the client to the node that it chooses. */
export interface Redirection {
  readonly format: LocationFormat
  /** Of the request, without its port. */
  readonly host: string
  readonly target: string
  readonly status: 302 | 307
}

/** The inputs of the choice of a node, in the form that candidacy functions read. Written by recall (3) and choose (4). */
export class ChoiceState implements ExchangeView {
  readonly #nowhere: Application = nowhere()
  application: Application = this.#nowhere
  balancer: Balancer = this.#nowhere.balancer
  hasSession = false
  sessionId = ''
  route: string | undefined
  slot: number | undefined
  domain = ''
  affinity: number | undefined
  /** What named the session's node or key; '' when nothing did. */
  recalledBy: RecalledBy = ''
  /** The proxy's own cookie in the request. */
  sticky: ReceivedCookie | undefined
  /** The request begins a session without a cookie of the application. */
  beginsSession = false
  /** The response may get a cookie of the proxy, even if the application sets none. */
  mayInsert = false
  tried: readonly number[] = none
  /** It is looked for a node on behalf of a queue. */
  isQueued = false
  /** The node of the session has as many requests as it may have: the request waits for it. */
  full: Candidate | undefined
  request: RequestView | undefined
  cascade: Cascade
  /** Clients reach the chosen node by a redirect. */
  redirection: Redirection | undefined
  /** Chooses instead of the cascade. */
  chooser: Choose | undefined
  /** The client wants to change protocols, which AJP cannot. */
  needsTunnel = false
  /** The choice reads `live.latency`, so it must be measured. */
  readsLatency = false
  /** The proxy serves nothing itself. */
  readonly self: undefined

  constructor(cascade: Cascade) {
    this.cascade = cascade
  }

  reset(): void {
    this.application = this.#nowhere
    this.balancer = this.#nowhere.balancer
    this.hasSession = false
    this.sessionId = ''
    this.route = undefined
    this.slot = undefined
    this.domain = ''
    this.affinity = undefined
    this.recalledBy = ''
    this.sticky = undefined
    this.beginsSession = this.mayInsert = false
    this.tried = none
    this.full = undefined
    this.redirection = undefined
    this.chooser = undefined
  }
}

/**
 * The attempts to get a response, and the node of the present one, whose `room` holds it. Written by outgoing (5) and
 * attempt (6).
 */
class AttemptState extends HeldRequest {
  /** Head and first piece of the body as they are sent, while they may have to be sent again. */
  out: Out | undefined
  candidate: Candidate | undefined
  node: LeasedConnection | undefined
  count = 0
  /** When the connection of the present attempt was ready for the request, ms of the clock; 0 before that. */
  readyAt = 0
  /** Deadlines of the node for the head of its response and between two pieces of it, ms. */
  headMs = 0
  bodyMs = 0
  /** Failed attempts that may have reached the application, not counting those on reused connections. */
  failures = 0
  /** The next attempt uses a new connection. */
  freshOnly = false
  /** Nothing of the body has arrived, and no connection is leased before that. */
  isHeld = false
  /** One of `ExchangeTraffic.uploads`. */
  upload: Upload | undefined
  /** Everything that was sent so far is in `out`. */
  replayable = true
  /** Bytes of the request's body that were sent, and of what a tunnel carried to the node. */
  bodyBytes = 0
  /** How long to wait for a usable node or for a place at one, ticker time; 0 when the exchange has not waited. */
  waitUntil = 0
  /** How long to wait for a connection to a node, ticker time; 0 when the exchange has not waited. */
  admitUntil = 0

  reset(): void {
    this.count =
      this.readyAt =
      this.failures =
      this.waitUntil =
      this.admitUntil =
      this.bodyBytes =
        0
    this.freshOnly = this.isHeld = false
    this.replayable = true
  }
}

/** The response as far as it has arrived. Written by deliver (7). */
export class ResponseState {
  readonly head: ResponseHead
  readonly body: BodyRelay = new BodyRelay()
  /** The body goes through it. */
  compressor: Compressor | undefined
  /** Those of the node, in bytes of their own, which follow what the compressor passes. */
  trailers: Fields | undefined
  /** The incomplete head, as far as it has arrived. */
  partial: Buffer | undefined
  /** How often the pieces have been parsed. */
  partialReads = 0
  /** Interim (1xx) responses so far. */
  interims = 0
  /** The final head is on its way to the client. */
  started = false
  /** The client's connection ends with this response. */
  closes = false
  status = 0
  /** When the final head arrived from the node, ms of the clock; 0 before that. */
  headAt = 0
  bytesOut = 0
  /** The client reads slower than the node writes: reading from the node is paused. */
  isBlocked = false
  /** Why it is malformed, for the log. */
  problem = ''
  /** What the node sends after a 101 to `websocket`. */
  frames: WebSocketFrames | undefined

  constructor(limits: HeadLimits) {
    this.head = new ResponseHead(limits)
  }

  reset(): void {
    this.interims = this.status = this.headAt = this.bytesOut = 0
    this.started = this.closes = this.isBlocked = false
    this.frames = this.trailers = undefined
  }
}

export class ExchangeState {
  /** Another one for each exchange. */
  client: ExchangeClient
  readonly traffic: ExchangeTraffic
  readonly request: RequestState
  readonly choice: ChoiceState
  readonly attempts: AttemptState = new AttemptState()
  readonly response: ResponseState
  readonly ruleStages: RuleStages | undefined

  constructor(client: ExchangeClient, traffic: ExchangeTraffic, ruleStages?: RuleStages) {
    this.client = client
    this.traffic = traffic
    this.ruleStages = ruleStages
    const { headLimits } = traffic.settings
    this.request = new RequestState(traffic.routes, headLimits)
    this.response = new ResponseState(headLimits)
    this.choice = new ChoiceState(traffic.cascades.root)
  }
}

/** What rules do in the stages of an exchange. Passed in, so that those who have no rules do not carry the code. */
export interface RuleStages {
  /** @returns `undefined` without rules: then a request costs nothing more. */
  readonly compile: (settings: readonly RuleSettings[]) => Rules | undefined
  /** Stage 2. Sets `request.rule`. @returns the response to a request that no node gets. */
  readonly apply: (
    state: Pick<ExchangeState, 'request' | 'client' | 'traffic'>,
    rules: Rules,
  ) => Refusal | undefined
  /**
   * Stage 7: the head of the response, and whether its body is compressed.
   * @returns the result of parsing the changed head: negative when it is too large.
   */
  readonly editResponse: (
    state: ResponseStage,
    candidate: Candidate,
    receiver: CompressedReceiver,
  ) => number
  /** Sends a piece of the compressed body. @returns false when the client reads slower. */
  readonly deliverCompressed: (state: ResponseStage, bytes: Buffer) => boolean
  readonly deliverCompressedEnd: (state: ResponseStage) => void
  /** A response of the proxy itself to a request that a rule applies to. */
  readonly dress: (request: Readonly<RequestState>, refusal: Refusal) => Refusal
}

type Ports = Pick<ExchangeState, 'traffic' | 'ruleStages'> & { readonly client: ExchangeClient }

/** The state as outgoing (5) and attempt (6) see it. */
export interface AttemptStage extends Ports {
  readonly request: Readonly<RequestState>
  readonly choice: Readonly<ChoiceState>
  readonly attempts: AttemptState
  readonly response: Readonly<ResponseState>
}

/** The state as deliver (7) sees it. */
export interface ResponseStage extends Ports {
  readonly request: Readonly<RequestState>
  readonly choice: Readonly<ChoiceState>
  readonly attempts: Readonly<AttemptState>
  readonly response: ResponseState
}

/**
 * Chooses in place of a cascade, for each attempt.
 * @param tried `node.id` of the nodes that failed for this request.
 */
export type Choose = (tried: readonly number[]) => Candidate | undefined

/** The session id of the application, the proxy's own cookie, or a key in a header field or query parameter. */
export type RecalledBy = '' | 'id' | 'cookie' | 'header' | 'query'

/** The proxy's own cookie, valid or not: it is not forwarded. */
export interface ReceivedCookie {
  readonly name: string
  /** `undefined` for a forged or expired one. */
  readonly session: StickySession | undefined
}

/** The answer with which the node must switch protocols. Kept because the bytes of the request's head do not last. */
export interface WantedUpgrade {
  /** As they are sent to the node; it chooses one of them. */
  readonly protocols: readonly string[]
  /** Value of Sec-WebSocket-Accept, for the protocol `websocket`. */
  readonly accept: string | undefined
}

/** The request in the access log; as strings, because the bytes of the head do not last. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'
  readonly tls: string
  readonly userAgent: string
  readonly client: string
  /** Values of the fields with these names. */
  readonly fields: readonly string[]
  readonly names: readonly Buffer[]
}

const none: readonly number[] = []

/** Stands in while no context is known for the request. */
const nowhere = (): Application => ({
  path: '',
  cookie: new Uint8Array(0),
  candidates: [],
  derived: newDerived(),
  measured: [],
  isFound: true,
  balancer: {
    name: '',
    slot: -1,
    sticky: false,
    cookie: '',
    pathParameter: '',
    stickyRemove: false,
    stickyForce: false,
    waitMs: 0,
    maxAttempts: 0,
  },
})
