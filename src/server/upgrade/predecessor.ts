// The process whose place this one takes, seen from here: receives its sockets and the state of the cluster, and tells it
// how far this process has come. Made by cli/serve.ts.

import { upgradeLimits } from '../../base/limits.ts'
import { packageVersion } from '../../base/package-version.ts'
import { withDeadline } from '../../base/wait.ts'
import type { LiveFact } from '../../cluster/live-facts.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { type ListenHandle, sendable } from '../../node-internals/listen-handle.ts'
import type { InheritedSocket } from '../inherited-sockets.ts'
import {
  messagesForm,
  predecessorVariable,
  type SocketMessage,
  type StateMessage,
  type ToPredecessor,
  type ToSuccessor,
  type YoursMessage,
} from './messages.ts'

/** What another process hands over. */
export interface Handed {
  readonly sockets: readonly InheritedSocket[]
  readonly state: StateMessage
}

export class Predecessor {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Called for the changes after the state. */
  onChanges: (changes: readonly Change[]) => void = () => {}
  readonly #sockets: InheritedSocket[] = []
  #onState: (state: StateMessage) => void = () => {}
  #onYours: (yours: YoursMessage | undefined) => void = () => {}
  /** The cluster is ours. */
  #isOver = false
  #isAbandoned = false

  /** The variable is removed, because it is for this process alone. @returns `undefined` for a process that replaces none. */
  static of(environment: NodeJS.ProcessEnv): Predecessor | undefined {
    const { [predecessorVariable]: pid } = environment
    delete environment[predecessorVariable]
    return pid === String(process.ppid) && process.connected ? new Predecessor() : undefined
  }

  private constructor() {
    process.on('message', (message: ToSuccessor, handle: unknown) =>
      this.#receive(message, handle as ListenHandle | undefined),
    )
    this.ended = new Promise((resolve) => {
      process.once('disconnect', () => {
        resolve()
        // Without its registry this process cannot go on.
        if (!this.#isOver) process.exit(1)
      })
    })
  }

  /** Says that the configuration is valid. Resolves with everything that the other process hands over for it. */
  receive(): Promise<Handed> {
    const state = new Promise<StateMessage>((resolve) => {
      this.#onState = resolve
    })
    this.#send({ kind: 'hello', form: messagesForm, version: packageVersion() })
    return state.then((it) => ({ sockets: this.#sockets, state: it }))
  }

  /** Resolves when the cluster is ours; `undefined` when this process is to end before that. */
  async prepared(): Promise<YoursMessage | undefined> {
    const yours = new Promise<YoursMessage | undefined>((resolve) => {
      this.#onYours = resolve
    })
    if (this.#isAbandoned) return undefined
    this.#send({ kind: 'prepared' })
    return yours
  }

  /** A signal has arrived: this process does not take over if it has not done so yet. */
  abandon(): void {
    this.#isAbandoned = true
    this.#onYours(undefined)
  }

  ready(): void {
    this.#send({ kind: 'ready' })
  }

  /** This process cannot take over, for these reasons. Resolves when they are sent. */
  failed(problems: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      if (!process.connected) return resolve()
      const message: ToPredecessor = { kind: 'failed', problems }
      process.send?.(message, undefined, undefined, () => resolve())
    })
  }

  /** For its requests in flight. */
  changes(changes: readonly Change[]): void {
    this.#send({ kind: 'changes', changes })
  }

  facts(facts: readonly LiveFact[]): void {
    this.#send({ kind: 'facts', facts })
  }

  /** Both end. Resolves when the other process has, at the latest a while after its deadline. */
  async end(withinMs: number): Promise<void> {
    if (!process.connected) return
    this.#send({ kind: 'end', withinMs })
    await withDeadline(this.ended, withinMs + upgradeLimits.endMs, () => {})
  }

  /** Ends the channel, which would keep this process alive. */
  close(): void {
    this.#isOver = true
    if (process.connected) process.disconnect()
  }

  #send(message: ToPredecessor): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }

  #receive(message: ToSuccessor, handle: ListenHandle | undefined): void {
    switch (message.kind) {
      case 'socket':
        if (handle !== undefined) this.#keep(message, handle)
        break
      case 'state':
        this.#onState(message)
        break
      case 'changes':
        this.onChanges(message.changes)
        break
      case 'yours':
        if (this.#isAbandoned) break
        this.#isOver = true
        this.#onYours(message)
        break
      default:
        break
    }
  }

  #keep({ kind: _, copy, ...socket }: SocketMessage, handle: ListenHandle): void {
    this.#sockets.push({ ...socket, handle })
    if (copy === undefined) return
    const message: ToPredecessor = { kind: 'copy', number: copy }
    process.send?.(message, sendable(handle), undefined, () => {})
  }
}
