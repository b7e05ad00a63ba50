// The primary's side of one worker process: starts it, sends it orders one at a time, waits for its answers with
// deadlines, ends it. Made by worker-pool.ts.

import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../base/clock.ts'
import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { moduleFile } from '../../base/module-file.ts'
import { countsFrom, newCounters, type TrafficCounts } from '../../cluster/traffic-counts.ts'
import type { RequestFilter } from '../../control/requests/request-filter.ts'
import type { ExplainQuestion, RequestExplanation } from '../../forward/index.ts'
import { type ListenHandle, sendable } from '../../node-internals/listen-handle.ts'
import type { Address } from '../../proxy/index.ts'
import type { PlaneSettings } from '../data-plane.ts'
import { Answer } from './answer.ts'
import { errorFrom, type FromWorker, type StartMessage, type ToWorker } from './messages.ts'
import { type Order, PendingOrder } from './pending-order.ts'
import { workerFlags } from './worker-flags.ts'

interface WorkerEvents {
  /** It waits for its start message. */
  ready(): void
  message(message: FromWorker, handle: ListenHandle | undefined): void
  /** It has written this to its standard output (1) or standard error (2). */
  printed(fd: 1 | 2, text: string): void
}

const nothing: Order = { changes: [], facts: [] }

const workerFile = fileURLToPath(moduleFile('./worker.js', import.meta.url))

export class WorkerLink {
  /** The addresses it listens on. Rejects when it cannot, or is not ready in time; then the process ends. */
  readonly ready: Promise<readonly Address[]>
  /** Resolves when the process has ended and all its messages were received. */
  readonly ended: Promise<void>
  /** As in its last report. */
  connections = 0
  counts: TrafficCounts = newCounters()
  readonly #child: ChildProcess
  readonly #log: Logger
  readonly #pending: PendingOrder = new PendingOrder()
  /** To the order under way, and to the next one. */
  #answer: Answer | undefined
  #nextAnswer: Answer | undefined
  #soon: NodeJS.Timeout | undefined
  #lastOrder = 0
  /** The next order will be sent in a moment, unless this is called. */
  #due: (() => void) | undefined
  /** When the last order was sent, monotonic ms. */
  #sentAt = Number.NEGATIVE_INFINITY
  /** Seconds that the order under way has waited. */
  #waited = 0
  #everySecond: NodeJS.Timeout | undefined
  /** The start message was sent. */
  #isStarted = false
  #hasSockets = false
  #isReady = false
  /** Of its first message, and then of its listening. */
  #readyDeadline: NodeJS.Timeout | undefined
  #notReady: () => void = () => {}
  #hasEnded = false
  /** Questions without an answer, by number. */
  readonly #pendingQuestions: Map<number, (explanation: RequestExplanation | undefined) => void> =
    new Map()
  #lastQuestion = 0
  /** Addresses that are being opened, by number. */
  readonly #pendingOpens: Map<number, (result: readonly Address[] | Error) => void> = new Map()
  /** It has missed a deadline: nothing waits for it until it answers again. */
  #isLate = false

  constructor(log: Logger, events: WorkerEvents) {
    this.#log = log
    this.#child = fork(workerFile, [String(process.pid)], {
      execArgv: workerFlags(process.execArgv, process.env['NODE_OPTIONS']),
      // Inherited streams would become blocking ones, for this process too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child.on('error', (error) =>
      log.error({ pid: this.pid, reason: error.message }, 'worker error'),
    )
    const { stdout, stderr } = this.#child
    stdout?.setEncoding('utf8').on('data', (text: string) => events.printed(1, text))
    stderr?.setEncoding('utf8').on('data', (text: string) => events.printed(2, text))
    this.ended = ending(this.#child).then(() => this.#release())
    this.ready = this.#readiness()
    this.#child.on('message', (message: FromWorker, handle: unknown) => {
      if (this.#hasEnded) return
      if (message.kind === 'hello') {
        clearTimeout(this.#readyDeadline)
        events.ready()
      }
      if (message.kind === 'done') this.#onDone(message.number)
      if (message.kind === 'report') this.#onReport(message)
      if (message.kind === 'explained')
        this.#pendingQuestions.get(message.number)?.(message.explanation)
      if (message.kind === 'opened') {
        const { number, result } = message
        this.#pendingOpens.get(number)?.('message' in result ? errorFrom(result) : result)
      }
      events.message(message, handle as ListenHandle | undefined)
    })
  }

  get pid(): number | null {
    return this.#child.pid ?? null
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** To be called once it is ready for it. */
  start(message: StartMessage): void {
    this.#isStarted = true
    this.#expectReady()
    this.send(message)
  }

  /** After the start. @param sockets that are open already, by the name of their address. */
  listen(sockets: Iterable<readonly [string, ListenHandle]>): void {
    this.#hasSockets = true
    for (const [key, handle] of sockets) this.send({ kind: 'socket', key }, handle)
    this.send({ kind: 'listen' })
  }

  /** The process listens. */
  get isReady(): boolean {
    return this.#isReady && !this.#hasEnded
  }

  /** For an order that follows. Without effect before `listen`, which brings the sockets along. */
  addSocket(key: string, handle: ListenHandle): void {
    if (this.#hasSockets) this.send({ kind: 'socket', key }, handle)
  }

  /**
   * Lets this worker open the addresses that are not open yet; their sockets arrive as messages.
   * @returns all of the addresses. Rejects with the system's error when one cannot be opened, or when the worker does not answer.
   */
  open(
    listen: readonly Address[],
    tls: PlaneSettings['settings']['tls'],
  ): Promise<readonly Address[]> {
    this.#lastQuestion += 1
    const number = this.#lastQuestion
    return new Promise((resolve, reject) => {
      const end = (result: readonly Address[] | Error): void => {
        clearTimeout(deadline)
        this.#pendingOpens.delete(number)
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
      const late = new Error('no worker has opened the addresses in time')
      const deadline = setTimeout(end, workerLimits.openMs, late)
      this.#pendingOpens.set(number, end)
      this.send({ kind: 'open', number, listen, tls })
    })
  }

  /** Resolves when the worker has put the order in force, at the deadline, or when it has ended. */
  order(order: Order): Promise<void> {
    // Its start message will contain it.
    if (!this.#isStarted || this.#hasEnded) return Promise.resolve()
    this.#pending.add(order)
    this.#nextAnswer ??= this.#expectAnswer()
    const { settled } = this.#nextAnswer
    // Who is down counts for the next request.
    if (this.#answer === undefined && order.facts.length > 0) this.#sendOrder()
    else if (this.#answer === undefined) this.#sendSoon()
    return this.#isReady && !this.#isLate ? settled : Promise.resolve()
  }

  /** As `order`, together with the next one, or a little later. */
  orderSoon(order: Order): void {
    if (!this.#isStarted || this.#hasEnded) return
    this.#pending.add(order)
    this.#soon ??= setTimeout(() => void this.order(nothing), workerLimits.loadsEveryMs).unref()
  }

  /** Explains this worker's choice for a request; undefined if the worker does not answer in time. */
  explain(question: ExplainQuestion): Promise<RequestExplanation | undefined> {
    if (!this.#isReady || this.#isLate || this.#hasEnded) return Promise.resolve(undefined)
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

  /** Reports the requests that fit from now on. One that is not started yet learns it from its start message. */
  follow(filters: readonly RequestFilter[]): void {
    if (this.#isStarted) this.send({ kind: 'follow', filters })
  }

  /** Responses of this worker end their connections. One that is not started yet learns it from its start message. */
  announceEnd(): void {
    if (this.#isStarted) this.send({ kind: 'announce-end' })
  }

  /** Lets requests in flight end within `deadlineMs`; kills a worker that is not ready. @param isReplaced see `ReverseProxy.drain`. */
  drain(deadlineMs: number, isReplaced: boolean): void {
    if (this.#isReady) this.send({ kind: 'drain', deadlineMs, isReplaced })
    else this.kill()
  }

  send(message: ToWorker, handle?: ListenHandle): void {
    // A worker that is not connected has ended or is about to.
    if (!this.#child.connected) return
    this.#child.send(message, handle === undefined ? undefined : sendable(handle), {}, () => {})
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /**
   * With the other changes of this turn of the event loop, and not sooner than a moment after the order before: each order
   * costs both processes much more than one change.
   */
  #sendSoon(): void {
    if (this.#due !== undefined) return
    const waitMs = this.#sentAt + workerLimits.ordersEveryMs - systemClock.now()
    const send = (): void => this.#sendOrder()
    if (waitMs > 0) this.#due = abortable(setTimeout(send, waitMs), clearTimeout)
    else this.#due = abortable(setImmediate(send), clearImmediate)
  }

  #sendOrder(): void {
    this.#due?.()
    this.#due = undefined
    if (this.#hasEnded) return
    this.#sentAt = systemClock.now()
    clearTimeout(this.#soon)
    this.#soon = undefined
    this.#answer = this.#nextAnswer
    this.#nextAnswer = undefined
    this.#lastOrder += 1
    this.send({ kind: 'order', number: this.#lastOrder, ...this.#pending.flush() })
    this.#waited = 0
    this.#everySecond ??= setInterval(() => this.#wait(), 1_000).unref()
  }

  /** Seconds are counted: time during which this process was suspended does not count. */
  #wait(): void {
    this.#waited += 1
    if (this.#waited !== workerLimits.unansweredMax) return
    this.#log.error({ pid: this.pid }, 'worker does not answer: killed')
    this.kill()
  }

  #expectAnswer(): Answer {
    return new Answer(workerLimits.applyMs, () => {
      if (this.#isLate || !this.#isReady) return
      this.#isLate = true
      this.#log.warn({ pid: this.pid }, 'worker is slow: changes take effect there later')
    })
  }

  #onReport({ answers, connections, counts }: Extract<FromWorker, { kind: 'report' }>): void {
    this.connections = connections
    this.counts = countsFrom(counts)
    if (answers !== undefined) this.#onDone(answers)
  }

  #onDone(number: number): void {
    if (number !== this.#lastOrder) return
    this.#isLate = false
    this.#answer?.settle()
    this.#answer = undefined
    if (this.#nextAnswer !== undefined) return this.#sendSoon()
    clearInterval(this.#everySecond)
    this.#everySecond = undefined
  }

  /** Resolves all pending orders and questions: the worker has exited. */
  #release(): void {
    this.#hasEnded = true
    clearTimeout(this.#soon)
    clearInterval(this.#everySecond)
    this.#answer?.settle()
    this.#nextAnswer?.settle()
    for (const end of this.#pendingQuestions.values()) end(undefined)
    for (const end of this.#pendingOpens.values()) end(new Error('the worker has ended'))
  }

  #readiness(): Promise<readonly Address[]> {
    return new Promise((resolve, reject) => {
      this.#notReady = () => reject(new Error('worker is not ready in time'))
      this.#expectReady()
      this.#child.on('message', (message: FromWorker) => {
        if (message.kind !== 'listening' && message.kind !== 'failed') return
        clearTimeout(this.#readyDeadline)
        if (message.kind === 'failed') return reject(errorFrom(message.error))
        this.#isReady = true
        resolve(message.addresses)
      })
      void this.ended.then(() => {
        clearTimeout(this.#readyDeadline)
        reject(new Error('worker has ended before it was ready'))
      })
    })
  }

  #expectReady(): void {
    clearTimeout(this.#readyDeadline)
    this.#readyDeadline = setTimeout(() => {
      this.#notReady()
      this.kill()
    }, workerLimits.readyMs)
  }
}

const abortable =
  <Handle>(handle: Handle, clear: (handle: Handle) => void) =>
  (): void =>
    clear(handle)

/**
 * Resolves after the exit of the process and the end of its channel, which come in either order; a channel that is cut
 * within a message may not end at all.
 */
async function ending(child: ChildProcess): Promise<void> {
  const cut = new Promise<void>((resolve) => child.once('disconnect', () => resolve()))
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    // A process that could not be started does not exit.
    child.on('error', () => {
      if (child.pid === undefined) resolve()
    })
  })
  if (!child.connected) return
  await Promise.race([cut, pause(workerLimits.lastWordsMs)])
  if (child.connected) child.disconnect()
}
