// The process that takes the place of this one, seen from here: starts it, waits for its messages with deadlines, ends it.
// Used by hand-over.ts.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { withDeadline } from '../../base/wait.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { type ListenHandle, sendable } from '../../node-internals/listen-handle.ts'
import {
  messagesForm,
  predecessorVariable,
  type ToPredecessor,
  type ToSuccessor,
} from './messages.ts'

/** How to start the program anew. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

/** Why the other process cannot take over. */
export class UpgradeFailure extends Error {
  readonly problems: readonly string[]

  constructor(...problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems
  }
}

type Message<Kind> = Extract<ToPredecessor, { readonly kind: Kind }>
type Step = 'hello' | 'prepared' | 'ready'

export class Successor {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** Handles that it has sent back, by number. */
  readonly copies: Map<number, ListenHandle> = new Map()
  readonly #child: ChildProcess
  readonly #steps: Map<Step, Message<Step>> = new Map()
  /** Why it does not take over. */
  #failure: UpgradeFailure | undefined
  #changed: () => void = () => {}
  /** Messages after `ready` that nobody has received yet. */
  readonly #early: ToPredecessor[] = []
  #onMessage: (message: ToPredecessor) => void = (message) => void this.#early.push(message)

  constructor({ file, args, environment }: Launch) {
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...environment, [predecessorVariable]: String(process.pid) },
    })
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#fail(`the new process cannot be started: ${error.message}`)
        if (this.#child.pid === undefined) resolve()
      })
      this.#child.once('exit', (code, signal) => {
        const how = signal === null ? `exit code ${code}` : signal
        this.#fail(
          `the new process has ended before it was ready (${how}); the log has its messages`,
        )
        resolve()
      })
    })
    this.#child.on('message', (message: ToPredecessor, handle: unknown) =>
      this.#receive(message, handle as ListenHandle | undefined),
    )
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Waits for a message. Rejects with an `UpgradeFailure` when the process fails, or at the deadline. @param ofMs whole time. */
  async expect<Kind extends Step>(
    kind: Kind,
    withinMs: number,
    ofMs: number = withinMs,
  ): Promise<Message<Kind>> {
    const arrived = new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#failure !== undefined || this.#steps.has(kind)) resolve()
      }
      this.#changed()
    })
    await withDeadline(arrived, withinMs, () =>
      this.#fail(`the new process was not ready within ${ofMs / 1_000} s`),
    )
    if (this.#failure !== undefined) throw this.#failure
    return this.#steps.get(kind) as Message<Kind>
  }

  send(message: ToSuccessor, handle?: ListenHandle): void {
    if (!this.#child.connected) return
    this.#child.send(message, handle === undefined ? undefined : sendable(handle), {}, () => {})
  }

  /** It follows the cluster: these are new. */
  changes(changes: readonly Change[]): void {
    this.send({ kind: 'changes', changes })
  }

  /** Facts are sent together at the end. */
  facts(): void {}

  /** @param receive called for its messages after `ready`, also for those that have arrived already. */
  follow(receive: (message: ToPredecessor) => void): void {
    this.#onMessage = receive
    for (const message of this.#early.splice(0)) receive(message)
  }

  /** Ends it: it lets the requests end that it has accepted. @param withinMs then it is killed. */
  async stop(withinMs: number, reason: string): Promise<void> {
    this.#fail(reason)
    this.#child.kill('SIGTERM')
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), withinMs)
    await this.ended
    clearTimeout(deadline)
  }

  /** Passes a signal on. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** This process can end, and the other one goes on. */
  release(): void {
    if (this.#child.connected) this.#child.disconnect()
    this.#child.unref()
  }

  /** Resolves when the other process has ended or closed the channel. */
  async gone(): Promise<void> {
    if (this.#child.connected) await once(this.#child, 'disconnect')
  }

  #receive(message: ToPredecessor, handle: ListenHandle | undefined): void {
    switch (message.kind) {
      case 'hello':
        if (message.form !== messagesForm)
          this.#fail(`version ${message.version} cannot take over from this version: restart`)
        this.#steps.set('hello', message)
        break
      case 'prepared':
      case 'ready':
        this.#steps.set(message.kind, message)
        break
      case 'copy':
        if (handle !== undefined) this.copies.set(message.number, handle)
        break
      case 'failed':
        this.#fail(...message.problems)
        break
      default:
        this.#onMessage(message)
    }
    this.#changed()
  }

  /** The first reason counts. */
  #fail(...problems: readonly string[]): void {
    this.#failure ??= new UpgradeFailure(...problems)
    this.#changed()
  }
}
