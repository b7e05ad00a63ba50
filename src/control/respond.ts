// One request of the control listener becomes the bytes of its response: MCMP to the receiver, the rest to
// the pages, broken framing to an error in the grammar of whoever sent it (mcmp.md decisions 1, 5, 9). What
// may not be answered is refused here (decisions 26, 61).

import type { FramedRequest, FrameEvent } from '../wire/mcmp/frame.ts'
import type { Method } from '../wire/mcmp/message.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { messageTooBig, type Problem, problem } from '../wire/mcmp/problem.ts'
import { type Reply, writeReply } from '../wire/mcmp/reply.ts'
import { type Denial, denialOf } from './access.ts'
import { type Answer, textAnswer, writeAnswer } from './answer.ts'
import type { Caller } from './caller.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'
import { isAction, isOpenPage, type Pages } from './pages.ts'
import { RareLog } from './rare-log.ts'
import type { Receiver } from './receive.ts'
import type { Sources } from './sources.ts'

export interface Response {
  readonly bytes: Uint8Array
  readonly keepAlive: boolean
}

/** MEM: a node that cannot show the secret goes on trying, so that it is back when it need not any more. */
const denials: Readonly<Record<Exclude<Denial, undefined>, Problem>> = {
  secret: problem('MEM', 'MEM: The secret of this proxy is missing or wrong'),
  origin: problem('MEM', 'MEM: Web pages from elsewhere have no say here'),
  host: problem('MEM', 'MEM: Ask for this listener by its address or as localhost'),
}

const busy: Problem = problem('MEM', 'MEM: Too many messages at a time from one address')

export class Responder {
  readonly #settings: ControlSettings
  readonly #receiver: Receiver
  readonly #pages: Pages
  readonly #counts: ControlCounts
  readonly #sources: Sources
  readonly #denied: RareLog
  constructor(
    settings: ControlSettings,
    receiver: Receiver,
    pages: Pages,
    counts: ControlCounts,
    sources: Sources,
  ) {
    this.#settings = settings
    this.#receiver = receiver
    this.#pages = pages
    this.#counts = counts
    this.#sources = sources
    this.#denied = new RareLog(settings.log, settings.clock, 'request refused')
  }

  async respond(request: FramedRequest, caller: Caller): Promise<Response> {
    const { peer } = caller
    const method = caller.takesMessages ? methodOf(request.method) : undefined
    if (!this.#sources.begin(peer))
      return method === undefined
        ? sent(textAnswer(503, 'too many requests at a time from one address'), request)
        : this.#refused(method, busy)
    try {
      return method === undefined
        ? await this.#page(request, caller)
        : await this.#message(request, method, caller)
    } finally {
      this.#sources.end(peer)
    }
  }

  async #message(request: FramedRequest, method: Method, caller: Caller): Promise<Response> {
    const { peer } = caller
    const denial = this.#denial(request, 'message', caller)
    if (denial !== undefined) return this.#refused(method, denials[denial])
    const reply = await this.#receiver.receive(request, method, peer)
    if (!reply.ok) {
      this.#settings.log.info(
        { method, peer, type: reply.type, mess: reply.text.slice(0, 200) },
        'message refused',
      )
      return this.#refused(method, reply)
    }
    this.#counts.countMessage(method, 'OK')
    return {
      bytes: writeReply(reply, { keepAlive: request.keepAlive }),
      keepAlive: request.keepAlive,
    }
  }

  async #page(request: FramedRequest, caller: Caller): Promise<Response> {
    const denial = isOpenPage(request.target)
      ? undefined
      : this.#denial(request, isAction(request) ? 'action' : 'page', caller)
    if (denial === 'secret')
      return sent(
        textAnswer(401, 'the secret of this proxy is missing or wrong', {
          'WWW-Authenticate': 'Basic realm="Topspin"',
        }),
        request,
      )
    if (denial !== undefined)
      return sent(textAnswer(403, `${denials[denial].text.slice(5)}`), request)
    // On one port the next request of this connection may be the traffic's.
    const mayKeep = this.#settings.traffic.accept === undefined
    return sent(await this.#pages.answer(request), request, mayKeep)
  }

  #denial(
    request: FramedRequest,
    kind: 'message' | 'page' | 'action',
    { peer, isLocal }: Caller,
  ): Denial {
    const denial = denialOf(request, this.#settings.access.secret, kind, isLocal)
    if (denial === undefined) return undefined
    this.#counts.countRefusal(denial)
    this.#denied.warn({ peer, reason: denial, method: request.method })
    return denial
  }

  #refused(method: Method, reply: Extract<Reply, { ok: false }>): Response {
    this.#counts.countMessage(method, reply.type)
    return { bytes: writeReply(reply, { keepAlive: false }), keepAlive: false }
  }

  /** What to say before closing a connection whose bytes make no request. */
  refuse(problem: Extract<FrameEvent, { kind: 'problem' }>, peer: string): Uint8Array {
    this.#settings.log.info(
      { peer, status: problem.status, reason: problem.text },
      'request refused',
    )
    const method = methodOf(problem.method)
    if (problem.status === 413 && method !== undefined)
      return this.#refused(method, messageTooBig).bytes
    return writeAnswer(textAnswer(problem.status, problem.text), false, false)
  }
}

function sent(answer: Answer, request: FramedRequest, mayKeep: boolean = false): Response {
  const keepAlive = mayKeep && request.keepAlive && answer.status < 400
  return { bytes: writeAnswer(answer, keepAlive, request.method === 'HEAD'), keepAlive }
}
