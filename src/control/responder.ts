// From a request on the control listener to the bytes of its response: MCMP messages go to the message handler,
// everything else to the pages. Refused requests get an error in the grammar of their sender (mcmp.md decisions
// 1, 5, 9, 26, 61). Called by connection.ts.

import { mcmpLimits } from '../base/limits.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import type { FramedRequest, FrameEvent } from '../wire/mcmp/frame.ts'
import type { Method } from '../wire/mcmp/message.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { type McmpProblem, messageTooBig, problem } from '../wire/mcmp/problem.ts'
import { type Reply, writeReply } from '../wire/mcmp/reply.ts'
import { admitToPage, type Denial, messageDenial } from './access.ts'
import type { Admission } from './admission.ts'
import type { Caller } from './caller.ts'
import type { ControlCounts } from './counts.ts'
import type { MessageHandler } from './message-handler.ts'
import type { ControlSettings } from './options.ts'
import { type PageResponse, type Stream, textResponse, writeResponse } from './page-response.ts'
import { isOpenPage, type Pages } from './pages.ts'

interface WrittenResponse {
  readonly bytes: Uint8Array
  readonly keepAlive: boolean
  /** The rest of the response. */
  readonly stream?: Stream
}

/** MEM: a refused node keeps trying, and is back once it is allowed. */
const denials: Readonly<Record<Denial, McmpProblem>> = {
  secret: problem('MEM', 'MEM: The secret of this proxy is missing or wrong'),
  origin: problem('MEM', 'MEM: Web pages from elsewhere have no say here'),
  host: problem(
    'MEM',
    'MEM: Ask for this listener by its address, as localhost, or by a name in control.names',
  ),
}

const busy: McmpProblem = problem('MEM', 'MEM: Too many messages at a time from one address')

export class Responder {
  readonly #settings: ControlSettings
  readonly #messages: MessageHandler
  readonly #pages: Pages
  readonly #counts: ControlCounts
  readonly #admission: Admission
  readonly #denied: ThrottledLog
  readonly #invalid: ThrottledLog
  readonly #refused: ThrottledLog

  constructor(
    settings: ControlSettings,
    messages: MessageHandler,
    pages: Pages,
    counts: ControlCounts,
    admission: Admission,
  ) {
    this.#settings = settings
    this.#messages = messages
    this.#pages = pages
    this.#counts = counts
    this.#admission = admission
    const { log, clock } = settings
    this.#denied = new ThrottledLog(log, clock, 'request refused')
    this.#invalid = new ThrottledLog(log, clock, 'request refused', mcmpLimits.refusalLinesMax)
    this.#refused = new ThrottledLog(log, clock, 'message refused', mcmpLimits.refusalLinesMax)
  }

  async respond(request: FramedRequest, caller: Caller): Promise<WrittenResponse> {
    await this.#settings.begins
    const method = caller.acceptsMessages ? methodOf(request.method) : undefined
    if (!this.#admission.admitRequest(caller.remote))
      return method === undefined
        ? written(textResponse(503, 'too many requests at a time from one address'), request)
        : this.#refuse(method, busy)
    try {
      return method === undefined
        ? await this.#respondToPage(request, caller)
        : await this.#respondToMessage(request, method, caller)
    } finally {
      this.#admission.releaseRequest(caller.remote)
    }
  }

  /** The response to bytes that are not a valid request, written before the connection is closed. */
  respondToProblem(invalid: Extract<FrameEvent, { kind: 'problem' }>, remote: string): Uint8Array {
    const { status, text } = invalid
    this.#counts.countRefusal('invalid')
    this.#invalid.info({ remote, status, reason: text })
    const method = methodOf(invalid.method)
    if (status === 413 && method !== undefined) return this.#refuse(method, messageTooBig).bytes
    return writeResponse(textResponse(status, text), false, false)
  }

  async #respondToMessage(
    request: FramedRequest,
    method: Method,
    caller: Caller,
  ): Promise<WrittenResponse> {
    const { remote } = caller
    const denial = messageDenial(request, this.#settings.access.secret)
    if (denial !== undefined) this.#noteDenial(denial, request, caller)
    if (denial !== undefined) return this.#refuse(method, denials[denial])
    const reply = await this.#messages.handle(request, method, remote)
    if (!reply.ok) {
      const detail = { method, remote, type: reply.type, mess: reply.text.slice(0, 200) }
      this.#refused.info(detail)
      return this.#refuse(method, reply)
    }
    this.#counts.countMessage(method, 'OK')
    const { keepAlive } = request
    return { bytes: writeReply(reply, { keepAlive }), keepAlive }
  }

  async #respondToPage(request: FramedRequest, caller: Caller): Promise<WrittenResponse> {
    const { identities, isOwnHost } = this.#settings.checks
    const isOpen = isOpenPage(request.target)
    const actor = isOpen ? undefined : admitToPage(request, caller, identities, isOwnHost)
    if (typeof actor === 'string') {
      this.#noteDenial(actor, request, caller)
      return written(deniedPage(actor), request)
    }
    // On a shared port the next request of this connection may be for the traffic.
    const mayKeepAlive = this.#settings.traffic.accept === undefined
    return written(await this.#pages.respond(request, caller, actor), request, mayKeepAlive)
  }

  #noteDenial(reason: Denial, { method }: FramedRequest, { remote }: Caller): void {
    this.#counts.countRefusal(reason)
    this.#denied.warn({ remote, reason, method })
  }

  #refuse(method: Method, reply: Extract<Reply, { ok: false }>): WrittenResponse {
    this.#counts.countMessage(method, reply.type)
    return { bytes: writeReply(reply, { keepAlive: false }), keepAlive: false }
  }
}

function deniedPage(denial: Denial): PageResponse {
  if (denial !== 'secret') return textResponse(403, denials[denial].text.slice('MEM: '.length))
  const fields = { 'WWW-Authenticate': 'Basic realm="Topspin"' }
  return textResponse(401, 'the secret of this proxy, or a token, is missing or wrong', fields)
}

function written(
  response: PageResponse,
  request: FramedRequest,
  mayKeepAlive: boolean = false,
): WrittenResponse {
  const { status, stream } = response
  const isHead = request.method === 'HEAD'
  const keepAlive = mayKeepAlive && request.keepAlive && status < 400 && stream === undefined
  const bytes = writeResponse(response, keepAlive, isHead)
  return { bytes, keepAlive, ...(stream === undefined || isHead ? {} : { stream }) }
}
