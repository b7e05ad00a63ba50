// The demo's clients: about a hundred requests a second over kept-alive connections, pages and orders
// mixed, some of them customers with a session in the shop.

import { Agent, type IncomingMessage, request } from 'node:http'
import type { Clock, Random } from '../../base/clock.ts'
import type { Tally } from './tally.ts'

const requestsPerSecond = 100
const customers = 30

/** A request without an answer after this time has failed, ms. */
const answerWithinMs = 10_000

export interface TrafficOptions {
  /** Where the proxy takes traffic, as a URL. */
  readonly to: string
  readonly tally: Tally
  readonly clock: Clock
  readonly random: Random
}

export interface Traffic {
  /** No new requests; resolves when the last one has its answer. */
  stop(): Promise<void>
}

export function startTraffic(options: TrafficOptions): Traffic {
  const { tally, clock, random } = options
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  const cookies = new Map<number, string>()
  const open = new Set<Promise<void>>()
  let due = 0
  let last = clock.now()
  const timer = setInterval(() => {
    const now = clock.now()
    due = Math.min(due + ((now - last) * requestsPerSecond) / 1_000, requestsPerSecond)
    last = now
    for (; due >= 1; due--) {
      const done = sendOne().finally(() => open.delete(done))
      open.add(done)
    }
  }, 20)

  async function sendOne(): Promise<void> {
    const dice = random()
    if (dice < 0.4) return await send('GET', '/')
    if (dice < 0.55) return await send('GET', '/api/items')
    if (dice < 0.7)
      return await send('POST', '/api/orders', { body: JSON.stringify({ item: 7, count: 2 }) })
    const customer = Math.floor(random() * customers)
    const method = dice < 0.9 ? 'GET' : 'POST'
    return await send(method, '/shop/cart', {
      customer,
      ...(method === 'POST' ? { body: 'item=7' } : {}),
    })
  }

  function send(
    method: string,
    path: string,
    more: { body?: string; customer?: number } = {},
  ): Promise<void> {
    const started = clock.now()
    const cookie = more.customer === undefined ? undefined : cookies.get(more.customer)
    return new Promise((resolve) => {
      const fail = (what: string): void => {
        tally.failure(`${method} ${path}: ${what}`)
        resolve()
      }
      const sent = request(new URL(path, options.to), {
        agent,
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
          if (more.customer !== undefined) remember(more.customer, response)
          tally.answered(node, clock.now() - started)
          resolve()
        })
        response.resume()
      })
      sent.end(more.body)
    })
  }

  function remember(customer: number, response: IncomingMessage): void {
    const cookie = response.headers['set-cookie']?.[0]?.split(';')[0]
    if (cookie !== undefined) cookies.set(customer, cookie)
  }

  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}
