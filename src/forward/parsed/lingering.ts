// What still arrives of a request that has been answered already is read and discarded for a while: Node.js would close
// the connection with unread bytes, and the client would lose the answer [RFC 9112 9.6]. Used by parsed-client.ts.

import type { IncomingMessage } from 'node:http'
import { httpLimits } from '../../base/limits.ts'
import type { Timed } from '../../net/ticker.ts'
import { BodyPace } from '../client/body-pace.ts'
import type { Traffic } from '../traffic/traffic.ts'

type LingeringTraffic = Pick<Traffic, 'ticker' | 'settings'>

export class Lingering implements Timed {
  deadline: number
  readonly #request: IncomingMessage
  readonly #ticker: LingeringTraffic['ticker']
  readonly #pace: BodyPace = new BodyPace()
  readonly #over: () => void

  /** @param over called once: the request is complete, or its client has left, is too slow or has had its time. */
  constructor(request: IncomingMessage, { ticker, settings }: LingeringTraffic, over: () => void) {
    const { timeouts, bodyMinRate: minRate } = settings
    const { lingerMs: pauseMs } = timeouts
    const wholeMs = Math.max(pauseMs, httpLimits.lingerMsMax)
    this.#request = request
    this.#ticker = ticker
    this.#over = over
    this.#pace.begin(ticker.now, { pauseMs, minRate, wholeMs })
    this.deadline = this.#pace.deadline
    ticker.add(this)
    request.on('data', this.#discard).on('end', this.#end).on('close', this.#end)
    request.resume()
  }

  expired(): void {
    this.#end()
  }

  readonly #discard = (bytes: Buffer): void => {
    this.#pace.received(this.#ticker.now, bytes.length)
    this.deadline = this.#pace.deadline
  }

  readonly #end = (): void => {
    this.#ticker.delete(this)
    this.#request.off('data', this.#discard).off('end', this.#end).off('close', this.#end)
    this.#over()
  }
}
