// The primary's side of one worker process: starts it, sends it orders, waits for its answers with deadlines, ends it.
// Made by worker-pool.ts.

import cluster, { type Worker } from 'node:cluster'
import { setTimeout as pause } from 'node:timers/promises'
import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { LiveFact } from '../../cluster/live-facts.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { countsFrom, newCounters, type TrafficCounts } from '../../cluster/traffic-counts.ts'
import type { ExplainQuestion, RequestExplanation } from '../../forward/index.ts'
import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import type { Address } from '../../proxy/index.ts'
import { sendBack } from './handle-copies.ts'
import { errorFrom, type FromWorker, type StartMessage, type ToWorker } from './messages.ts'

export class WorkerLink {
  /** The addresses it listens on. Rejects when it cannot, or is not ready in time; then the process ends. */
  readonly ready: Promise<readonly Address[]>
  /** Resolves when the process has ended and all its messages were received. */
  readonly ended: Promise<void>
  /** As in its last report. */
  connections = 0
  counts: TrafficCounts = newCounters()
  readonly #worker: Worker
  readonly #log: Logger
  /** Orders without an answer, by number. */
  readonly #pendingOrders: Map<number, () => void> = new Map()
  /** It receives messages. */
  #isListening = false
  #isReady = false
  #hasEnded = false
  /** Questions without an answer, by number. */
  readonly #pendingQuestions: Map<number, (explanation: RequestExplanation | undefined) => void> =
    new Map()
  #lastQuestion = 0
  #lastOrder = 0
  #lastAnswered = 0
  /** It has missed a deadline: nothing waits for it until it answers again. */
  #isLate = false

  /**
   * @param start returns the start message, once the worker can receive it.
   * @param onMessage is called with each message of the worker.
   */
  constructor(start: () => StartMessage, log: Logger, onMessage: (message: FromWorker) => void) {
    this.#log = log
    this.#worker = cluster.fork()
    this.#worker.on('error', (error) =>
      log.error({ pid: this.pid, reason: error.message }, 'worker error'),
    )
    this.ended = ending(this.#worker).then(() => this.#release())
    this.ready = this.#readiness()
    this.#worker.on('message', (message: FromWorker, handle: unknown) => {
      if (message.kind === 'copy') return sendBack(this.#worker, message, handle as ListenHandle)
      if (this.#hasEnded) return
      if (message.kind === 'hello') {
        this.#isListening = true
        this.send(start())
      }
      if (message.kind === 'report') this.#onReport(message)
      if (message.kind === 'explained')
        this.#pendingQuestions.get(message.number)?.(message.explanation)
      onMessage(message)
    })
  }

  get pid(): number | null {
    return this.#worker.process.pid ?? null
  }

  /** Resolves when the worker has put the changes and facts in force, at the deadline, or when it has ended. */
  order(changes: readonly Change[], facts: readonly LiveFact[]): Promise<void> {
    // Its start message will contain them.
    if (!this.#isListening) return Promise.resolve()
    this.#lastOrder += 1
    this.send({ kind: 'order', number: this.#lastOrder, changes, facts })
    if (this.#lastOrder - this.#lastAnswered > workerLimits.unansweredMax) {
      this.#log.error({ pid: this.pid }, 'worker does not answer: killed')
      this.kill()
    }
    if (!this.#isReady || this.#isLate || !this.#worker.isConnected()) return Promise.resolve()
    return this.#answer(this.#lastOrder)
  }

  /** What this worker would do with a request; undefined when it does not answer in time. */
  explain(question: ExplainQuestion): Promise<RequestExplanation | undefined> {
    if (!this.#isReady || !this.#worker.isConnected()) return Promise.resolve(undefined)
    this.#lastQuestion += 1
    const number = this.#lastQuestion
    this.send({ kind: 'explain', number, question })
    return new Promise((resolve) => {
      const end = (explanation: RequestExplanation | undefined): void => {
        clearTimeout(deadline)
        this.#pendingQuestions.delete(number)
        resolve(explanation)
      }
      const deadline = setTimeout(end, workerLimits.applyMs, undefined)
      this.#pendingQuestions.set(number, end)
    })
  }

  /** Lets requests in flight end within `deadlineMs`; kills a worker that is not ready. */
  drain(deadlineMs: number): void {
    if (this.#isReady) this.send({ kind: 'drain', deadlineMs })
    else this.kill()
  }

  send(message: ToWorker): void {
    // A worker that is not connected has ended or is about to.
    if (this.#isListening && this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  #answer(number: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        this.#pendingOrders.delete(number)
        this.#isLate = true
        this.#log.warn({ pid: this.pid }, 'worker is slow: changes take effect there later')
        resolve()
      }, workerLimits.applyMs)
      this.#pendingOrders.set(number, () => {
        clearTimeout(deadline)
        resolve()
      })
    })
  }

  #onReport({ answers, connections, counts }: Extract<FromWorker, { kind: 'report' }>): void {
    this.connections = connections
    this.counts = countsFrom(counts)
    if (answers === undefined) return
    this.#lastAnswered = answers
    this.#isLate = false
    this.#pendingOrders.get(answers)?.()
    this.#pendingOrders.delete(answers)
  }

  /** Resolves all pending orders and questions: the worker has exited. */
  #release(): void {
    this.#hasEnded = true
    for (const resolve of this.#pendingOrders.values()) resolve()
    this.#pendingOrders.clear()
    for (const end of this.#pendingQuestions.values()) end(undefined)
  }

  #readiness(): Promise<readonly Address[]> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(new Error('worker is not ready in time'))
        this.kill()
      }, workerLimits.readyMs)
      this.#worker.on('message', (message: FromWorker) => {
        if (message.kind !== 'listening' && message.kind !== 'failed') return
        clearTimeout(deadline)
        if (message.kind === 'failed') return reject(errorFrom(message.error))
        this.#isReady = true
        resolve(message.addresses)
      })
      void this.ended.then(() => {
        clearTimeout(deadline)
        reject(new Error('worker has ended before it was ready'))
      })
    })
  }
}

/**
 * Resolves after the exit of the process and the end of its channel, which come in either order; a channel that is cut
 * within a message may not end at all.
 */
async function ending(worker: Worker): Promise<void> {
  const cut = new Promise<void>((resolve) => worker.once('disconnect', () => resolve()))
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
    // A process that could not be started does not exit.
    worker.on('error', () => {
      if (worker.process.pid === undefined) resolve()
    })
  })
  if (!worker.isConnected()) return
  await Promise.race([cut, pause(workerLimits.lastWordsMs)])
  // Releases the sockets that it shared.
  if (worker.isConnected()) worker.disconnect()
}
