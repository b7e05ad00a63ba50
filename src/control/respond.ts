// One request of the control listener becomes the bytes of its response: MCMP to the receiver, plain GET to
// the API, broken framing to an error in the grammar of whoever sent it (mcmp.md decisions 1, 5, 9).

import type { FramedRequest, FrameEvent } from '../wire/mcmp/frame.ts'
import { methodOf } from '../wire/mcmp/parse.ts'
import { messageTooBig } from '../wire/mcmp/problem.ts'
import { writeReply } from '../wire/mcmp/reply.ts'
import { answerApi, writeAnswer } from './api.ts'
import type { Metrics } from './metrics.ts'
import type { ControlSettings } from './options.ts'
import type { Receiver } from './receive.ts'

export interface Response {
  readonly bytes: Uint8Array
  readonly keepAlive: boolean
}

export class Responder {
  readonly #settings: ControlSettings
  readonly #receiver: Receiver
  readonly #metrics: Metrics
  draining = false

  constructor(settings: ControlSettings, receiver: Receiver, metrics: Metrics) {
    this.#settings = settings
    this.#receiver = receiver
    this.#metrics = metrics
  }

  async respond(request: FramedRequest, peer: string): Promise<Response> {
    const method = methodOf(request.method)
    if (method === undefined) {
      const answer = await answerApi(request, this.#settings, this.#metrics, this.draining)
      const keepAlive = request.keepAlive && !answer.status.startsWith('501')
      return { bytes: writeAnswer(answer, keepAlive, request.method === 'HEAD'), keepAlive }
    }
    const reply = await this.#receiver.receive(request, method, peer)
    this.#metrics.countMessage(method, reply.ok ? 'OK' : reply.type)
    if (!reply.ok)
      this.#settings.log.info(
        { method, peer, type: reply.type, mess: reply.text.slice(0, 200) },
        'message refused',
      )
    const keepAlive = request.keepAlive && reply.ok
    return { bytes: writeReply(reply, { keepAlive }), keepAlive }
  }

  /** What to say before closing a connection whose bytes make no request. */
  refuse(problem: Extract<FrameEvent, { kind: 'problem' }>, peer: string): Uint8Array {
    this.#settings.log.info(
      { peer, status: problem.status, reason: problem.text },
      'request refused',
    )
    const method = methodOf(problem.method)
    if (problem.status === 413 && method !== undefined) {
      this.#metrics.countMessage(method, messageTooBig.type)
      return writeReply(messageTooBig, { keepAlive: false })
    }
    const status = `${problem.status} ${statusWords[problem.status]}`
    return Buffer.from(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${problem.text.length + 1}\r\n\r\n${problem.text}\n`,
    )
  }
}

const statusWords = {
  400: 'Bad Request',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
} as const
