// A server with so many workers that take requests in order: a request says how long its work is, and a timer waits for
// it. Knows nothing of balancing.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { type NodeServer, startNode } from './node-server.ts'

export interface QueueNode extends NodeServer {
  /** Requests that it has answered. */
  readonly answered: () => number
  /** From now on it answers 500 at once, or works again. */
  fail(fails: boolean): void
}

/** `x-work`: ms of work; `x-hold`: ms of waiting that needs no worker. */
export interface QueueOptions {
  readonly workers: number
  /** Work takes so many times as long. Default 1. */
  readonly times?: number
}

export async function startQueueNode(
  t: TestContext,
  { workers, times = 1 }: QueueOptions,
): Promise<QueueNode> {
  const queue: [ServerResponse, ms: number][] = []
  let busy = 0
  let answered = 0
  let fails = false
  const answer = (response: ServerResponse, status: number): void => {
    answered++
    response.writeHead(status).end('done')
  }
  const next = (): void => {
    while (busy < workers) {
      const first = queue.shift()
      if (first === undefined) return
      const [response, ms] = first
      busy++
      setTimeout(() => {
        busy--
        answer(response, 200)
        next()
      }, ms * times)
    }
  }
  const header = (request: IncomingMessage, name: string): number | undefined => {
    const value = request.headers[name]
    return value === undefined ? undefined : Number(value)
  }
  const node = await startNode(t, (request, response) => {
    if (request.method !== 'GET') return response.end()
    if (fails) return answer(response, 500)
    const hold = header(request, 'x-hold')
    if (hold !== undefined) return setTimeout(answer, hold, response, 200)
    queue.push([response, header(request, 'x-work') ?? 1])
    return next()
  })
  return {
    ...node,
    answered: () => answered,
    fail: (value) => {
      fails = value
    },
  }
}
