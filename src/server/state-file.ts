// The file that keeps the registry across restarts. A write makes a new file that replaces the old one, so the file is
// always one complete state; changes of a large state are appended, until they are as long as the state itself. Made by
// served-cluster.ts.

import { constants, readFileSync, renameSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../base/clock.ts'
import { stateLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { ChangeSet } from '../cluster/change-set.ts'
import type { Change } from '../cluster/snapshot.ts'
import { readState, type StateWriter, writeChanges, writeState } from '../cluster/state-text.ts'
import type { StateReport } from '../control/status-report.ts'
import { linkedFile } from '../host/linked-file.ts'

interface StateFileOptions {
  readonly path: string
  /** The present cluster. */
  readonly state: () => readonly Change[]
  readonly log: Logger
}

const self: StateWriter = { pid: process.pid, machine: hostname() }

export class StateFile {
  readonly #options: StateFileOptions
  /** The write under way. */
  #writing: Promise<void> | undefined
  /** The next write, which will contain all changes until it begins. */
  #next: Promise<void> | undefined
  #soon: NodeJS.Timeout | undefined
  /** When the last write began, monotonic ms. */
  #begunAt = Number.NEGATIVE_INFINITY
  /** Mark of the file as this process last wrote or read it; undefined: there was no file. */
  #mark: string | undefined
  /** Since the last write began. */
  readonly #changes: ChangeSet = new ChangeSet()
  /** Length of the state at the beginning of the file, and of the changes behind it, bytes. */
  #stateBytes = 0
  #appendedBytes = 0
  /** Nothing can be appended: the file does not hold the state of this process. */
  #mustReplace = true
  #isClosing = false
  #reason: string | null = null
  /** False before the start, and after another process has written the file. */
  #owns = false
  /** A write has missed its deadline: nothing waits until one is done. */
  #late = false
  #writes = 0
  #failures = 0

  constructor(options: StateFileOptions) {
    this.#options = options
  }

  /** The state of an earlier run; empty when there is no file, or it cannot be read. */
  load(): readonly Change[] {
    const { path, log } = this.#options
    const found = this.#found()
    if (found === undefined) return []
    this.#mark = markOf(found)
    if (!found.isFile()) {
      this.#failed('not read', new Error('not a file'))
      return []
    }
    if (found.size > stateLimits.bytesMax) return this.#setAside('too large')
    const state = this.#read()
    if ('problem' in state) return this.#setAside(state.problem)
    if (state.unusedBytes > 0)
      log.warn(
        { state: path, bytes: state.unusedBytes },
        'unfinished end of the state file not used',
      )
    if (isAlive(state.writer))
      log.warn(
        { state: path, pid: state.writer.pid },
        'the process that wrote the state file is still running: two proxies must not share one',
      )
    return state.changes
  }

  /** Another process of this proxy, which does not write any more, has left the file. */
  adopt(): void {
    const found = this.#found()
    this.#mark = found && markOf(found)
  }

  get path(): string {
    return this.#options.path
  }

  /** Starts to write the file. */
  async start(): Promise<void> {
    this.#owns = true
    await this.#within(this.#write())
  }

  /** Saves changes. Resolves when the file contains them, at the deadline, or when that fails. */
  async keep(changes: readonly Change[]): Promise<void> {
    if (!this.#owns || changes.length === 0) return
    for (const change of changes) this.#changes.add(change)
    // Load factors are reported again and again: no reply waits for them.
    if (changes.every((change) => change.kind === 'load')) return this.#later(stateLimits.loadMs)
    const written = this.#write()
    if (this.#late) return
    await this.#within(written)
  }

  /** Writes the last changes, as one complete state, which earlier versions can read. */
  async close(): Promise<void> {
    clearTimeout(this.#soon)
    this.#isClosing = true
    if (this.#owns) await this.#within(this.#write())
    this.#owns = false
    clearTimeout(this.#soon)
  }

  report(): StateReport {
    const { path } = this.#options
    return { file: path, reason: this.#reason, writes: this.#writes, failures: this.#failures }
  }

  #found(): Stats | undefined {
    try {
      return statSync(this.#options.path, { throwIfNoEntry: false })
    } catch (error) {
      this.#failed('not read', error)
      return undefined
    }
  }

  #read(): ReturnType<typeof readState> {
    try {
      return readState(readFileSync(this.#options.path))
    } catch (error) {
      return { problem: String(error) }
    }
  }

  #later(ms: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      void this.#write()
    }, ms).unref()
  }

  /** One write at a time; changes before it begins share it. Never rejects. */
  #write(): Promise<void> {
    this.#next ??= this.#turn().then(() => {
      this.#next = undefined
      return this.#begin()
    })
    return this.#next
  }

  /** After the write under way, and not sooner than a moment after its begin: the next one takes what arrives meanwhile. */
  async #turn(): Promise<void> {
    await this.#writing
    const waitMs = this.#begunAt + stateLimits.writesEveryMs - systemClock.now()
    await (waitMs > 0 ? pause(waitMs) : nextTurn())
  }

  #begin(): Promise<void> {
    this.#begunAt = systemClock.now()
    clearTimeout(this.#soon)
    this.#soon = undefined
    const writing = this.#save()
      .then(
        () => this.#succeeded(),
        (error: unknown) => {
          this.#failed('not written', error)
          if (this.#owns) this.#later(stateLimits.retryMs)
        },
      )
      .finally(() => {
        this.#writing = undefined
        this.#late = false
      })
    this.#writing = writing
    return writing
  }

  async #save(): Promise<void> {
    if (!this.#owns) return
    const isAppended = !this.#mustReplace && !this.#isClosing && this.#isLarge()
    // Until it has succeeded, since a failure may leave a part of the changes in the file.
    this.#mustReplace = true
    await (isAppended ? this.#append() : this.#replace())
    this.#mustReplace = false
  }

  #isLarge(): boolean {
    return this.#stateBytes > Math.max(stateLimits.appendFromBytes, this.#appendedBytes)
  }

  async #append(): Promise<void> {
    const text = writeChanges(this.#changes.flush())
    const { path } = this.#options
    if (!(await this.#isPresent())) return this.#replace()
    this.#mark = await fill(await open(path, constants.O_WRONLY | constants.O_APPEND), text)
    this.#appendedBytes += text.length
  }

  async #replace(): Promise<void> {
    const { path, state } = this.#options
    // The first write takes the file from a process that still writes it: of two proxies the later one keeps it.
    // Others look before as well, since both would write the same new file.
    const isFirst = this.#writes === 0
    if (!isFirst) await this.#isPresent()
    this.#changes.flush()
    const text = writeState({ writer: self, changes: state() })
    const file = linkedFile(path)
    const mark = await fill(await open(`${file}.new`, 'w', 0o600), text)
    if (!isFirst) await this.#isPresent()
    await rename(`${file}.new`, file)
    this.#mark = mark
    this.#stateBytes = text.length
    this.#appendedBytes = 0
  }

  /** Whether there is a file. @throws when another process has written it. */
  async #isPresent(): Promise<boolean> {
    const found = await stat(this.#options.path).then(markOf, () => undefined)
    if (found === undefined || found === this.#mark) return found !== undefined
    this.#owns = false
    throw new Error('another process writes it: two proxies must not share a state file')
  }

  async #within(written: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#late = true
        this.#failed('not written', new Error(`not within ${stateLimits.waitMs} ms`))
        resolve()
      }, stateLimits.waitMs)
    })
    await Promise.race([written, deadline])
    clearTimeout(timer)
  }

  #succeeded(): void {
    this.#writes += 1
    if (!this.#owns) return
    if (this.#reason !== null)
      this.#options.log.info({ state: this.#options.path }, 'state file written again')
    this.#reason = null
  }

  /** Logged once while it lasts. */
  #failed(what: string, error: unknown): void {
    const { path, log } = this.#options
    const reason = error instanceof Error ? error.message : String(error)
    this.#failures += 1
    if (this.#reason === null)
      log.warn(
        { state: path, reason },
        `state file ${what}: a restart would lose the latest changes`,
      )
    this.#reason = reason
  }

  #setAside(problem: string): readonly Change[] {
    const { path, log } = this.#options
    const file = linkedFile(path)
    const aside = `${file}.corrupt`
    try {
      renameSync(file, aside)
      this.#mark = undefined
      log.warn({ state: path, problem, aside }, 'state file not used: renamed')
    } catch (error) {
      log.warn({ state: path, problem, reason: String(error) }, 'state file not used')
    }
    return []
  }
}

/** Writes the text to the disk; returns the mark of the file. */
async function fill(file: FileHandle, text: string): Promise<string> {
  try {
    await file.writeFile(text)
    await file.datasync()
    return markOf(await file.stat())
  } finally {
    await file.close()
  }
}

/** Another one when a process has replaced the file. */
const markOf = ({ ino, mtimeMs, size }: Stats): string => `${ino} ${mtimeMs} ${size}`

function isAlive({ pid, machine }: StateWriter): boolean {
  if (machine !== self.machine || pid === self.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
