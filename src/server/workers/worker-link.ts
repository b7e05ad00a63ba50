// One worker process as the primary sees it: started, given orders, waited for with a deadline, ended.
// Made by the worker pool, which is told what the worker says.

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
  /** Where it listens. Rejects when it fails to, or is not ready in time; then it ends by itself. */
  readonly ready: Promise<readonly Address[]>
  /** The process has ended and all that it said has been heard. */
  readonly ended: Promise<void>
  /** As it last reported. */
  connections = 0
  counts: TrafficCounts = newCounters()
  readonly #worker: Worker
  readonly #log: Logger
  /** Orders that somebody waits for, by number. */
  readonly #waiting: Map<number, () => void> = new Map()
  /** It hears what is sent to it. */
  #isGreeted = false
  #isReady = false
  #hasEnded = false
  /** Questions that somebody waits for, by number. */
  readonly #asking: Map<number, (explanation: RequestExplanation | undefined) => void> = new Map()
  #asked = 0
  #ordered = 0
  #answered = 0
  /** It has let a deadline pass: it is not waited for until it answers again. */
  #isLate = false

  /**
   * @param start everything it needs to begin, asked for when it can hear it.
   * @param heard what the worker says, but for its readiness.
   */
  constructor(start: () => StartMessage, log: Logger, heard: (message: FromWorker) => void) {
    this.#log = log
    this.#worker = cluster.fork()
    this.#worker.on('error', (error) =>
      log.error({ pid: this.pid, reason: error.message }, 'worker'),
    )
    this.ended = ending(this.#worker).then(() => this.#release())
    this.ready = this.#readiness()
    this.#worker.on('message', (message: FromWorker, handle: unknown) => {
      if (message.kind === 'copy') return sendBack(this.#worker, message, handle as ListenHandle)
      if (this.#hasEnded) return
      if (message.kind === 'hello') {
        this.#isGreeted = true
        this.send(start())
      }
      if (message.kind === 'figures') this.#took(message)
      if (message.kind === 'explained') this.#asking.get(message.number)?.(message.explanation)
      heard(message)
    })
  }

  get pid(): number | null {
    return this.#worker.process.pid ?? null
  }

  /** Resolves when the changes and facts are in force there, when its deadline has passed or it has ended. */
  order(changes: readonly Change[], facts: readonly LiveFact[]): Promise<void> {
    // It will begin with the state of that moment.
    if (!this.#isGreeted) return Promise.resolve()
    this.#ordered += 1
    this.send({ kind: 'order', number: this.#ordered, changes, facts })
    if (this.#ordered - this.#answered > workerLimits.unansweredMax) {
      this.#log.error({ pid: this.pid }, 'worker does not answer: killed')
      this.kill()
    }
    if (!this.#isReady || this.#isLate || !this.#worker.isConnected()) return Promise.resolve()
    return this.#answer(this.#ordered)
  }

  /** What this worker would do with a request; `undefined` when it does not say in time. */
  explain(question: ExplainQuestion): Promise<RequestExplanation | undefined> {
    if (!this.#isReady || !this.#worker.isConnected()) return Promise.resolve(undefined)
    this.#asked += 1
    const number = this.#asked
    this.send({ kind: 'explain', number, question })
    return new Promise((resolve) => {
      const end = (explanation: RequestExplanation | undefined): void => {
        clearTimeout(deadline)
        this.#asking.delete(number)
        resolve(explanation)
      }
      const deadline = setTimeout(end, workerLimits.applyMs, undefined)
      this.#asking.set(number, end)
    })
  }

  /** Lets what is under way end within the time; a worker that has nothing yet ends at once. */
  drain(deadlineMs: number): void {
    if (this.#isReady) this.send({ kind: 'drain', deadlineMs })
    else this.kill()
  }

  send(message: ToWorker): void {
    // Whoever is not connected any more has ended or is about to.
    if (this.#isGreeted && this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  #answer(number: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(number)
        this.#isLate = true
        this.#log.warn(
          { pid: this.pid },
          'worker is late: changes take effect there when it goes on',
        )
        resolve()
      }, workerLimits.applyMs)
      this.#waiting.set(number, () => {
        clearTimeout(deadline)
        resolve()
      })
    })
  }

  #took({ answers, connections, counts }: Extract<FromWorker, { kind: 'figures' }>): void {
    this.connections = connections
    this.counts = countsFrom(counts)
    if (answers === undefined) return
    this.#answered = answers
    this.#isLate = false
    this.#waiting.get(answers)?.()
    this.#waiting.delete(answers)
  }

  /** Nobody waits for the dead. */
  #release(): void {
    this.#hasEnded = true
    for (const resolve of this.#waiting.values()) resolve()
    this.#waiting.clear()
    for (const end of this.#asking.values()) end(undefined)
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

/** Its exit and the end of the line to it, which come in either order; a line cut in a message may not end at all. */
async function ending(worker: Worker): Promise<void> {
  const cut = new Promise<void>((resolve) => worker.once('disconnect', () => resolve()))
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
    // A process that could not be started has no exit.
    worker.on('error', () => {
      if (worker.process.pid === undefined) resolve()
    })
  })
  if (!worker.isConnected()) return
  await Promise.race([cut, pause(workerLimits.lastWordsMs)])
  // Gives up the sockets that it shared.
  if (worker.isConnected()) worker.disconnect()
}
