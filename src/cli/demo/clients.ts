// The clients of the demo: about a hundred requests a second over kept-alive connections, pages and orders mixed; some
// clients are customers with a session in the shop.

import { Agent, type IncomingMessage, request } from 'node:http'
import type { Clock, Random } from '../../base/clock.ts'
import type { Tally } from './tally.ts'

const requestsPerSecond = 100
const customers = 30
const tickMs = 20

/** Deadline of one answer, ms. */
const answerWithinMs = 10_000

interface DemoRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  /** Number of the customer, for requests of a session. */
  readonly customer?: number
}

export class DemoClients {
  readonly #url: string
  readonly #tally: Tally
  readonly #clock: Clock
  readonly #random: Random
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 20 })
  readonly #cookies = new Map<number, string>()
  readonly #open = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  /** Requests to send; fractions are carried over to the next tick. */
  #due = 0
  #lastTick: number

  /** Starts to send. @param url where the proxy accepts clients. */
  constructor(url: string, tally: Tally, clock: Clock, random: Random) {
    this.#url = url
    this.#tally = tally
    this.#clock = clock
    this.#random = random
    this.#lastTick = clock.now()
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** Sends no new requests; resolves when the last one has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#open)
    this.#agent.destroy()
  }

  #tick(): void {
    const now = this.#clock.now()
    const passed = ((now - this.#lastTick) * requestsPerSecond) / 1_000
    this.#due = Math.min(this.#due + passed, requestsPerSecond)
    this.#lastTick = now
    for (; this.#due >= 1; this.#due--) {
      const done = this.#send(this.#next()).finally(() => this.#open.delete(done))
      this.#open.add(done)
    }
  }

  #next(): DemoRequest {
    const dice = this.#random()
    if (dice < 0.4) return { method: 'GET', path: '/' }
    if (dice < 0.55) return { method: 'GET', path: '/api/items' }
    if (dice < 0.7)
      return { method: 'POST', path: '/api/orders', body: JSON.stringify({ item: 7, count: 2 }) }
    const customer = Math.floor(this.#random() * customers)
    const cart = { path: '/shop/cart', customer }
    return dice < 0.9 ? { method: 'GET', ...cart } : { method: 'POST', ...cart, body: 'item=7' }
  }

  #send({ method, path, body, customer = -1 }: DemoRequest): Promise<void> {
    const started = this.#clock.now()
    const cookie = this.#cookies.get(customer)
    return new Promise((resolve) => {
      const fail = (reason: string): void => {
        this.#tally.failure(`${method} ${path}: ${reason}`)
        resolve()
      }
      const sent = request(new URL(path, this.#url), {
        agent: this.#agent,
        method,
        signal: AbortSignal.timeout(answerWithinMs),
        headers: cookie === undefined ? {} : { cookie },
      })
      sent.on('error', (error) => fail(error.message))
      sent.on('response', (response) => {
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          const node = response.headers['x-node']
          if (response.statusCode !== 200 || typeof node !== 'string')
            return fail(`status ${response.statusCode}`)
          if (customer >= 0) this.#keepCookie(customer, response)
          this.#tally.answered(node, this.#clock.now() - started)
          resolve()
        })
        response.resume()
      })
      sent.end(body)
    })
  }

  #keepCookie(customer: number, response: IncomingMessage): void {
    const cookie = response.headers['set-cookie']?.[0]?.split(';')[0]
    if (cookie !== undefined) this.#cookies.set(customer, cookie)
  }
}
