// Writes lines without ever blocking this process. While the reader stands still or the disk is full or hangs, lines are
// kept up to a limit; further ones are dropped and counted.

import { close, write, writeSync } from 'node:fs'
import { logOutputLimits } from '../base/limits.ts'
import { withDeadline } from '../base/wait.ts'
import type { WriteTarget } from './write-target.ts'

interface LineOutputEvents {
  /** A write has failed; not called again before one has succeeded. */
  failed(error: Error): void
  /** The kept lines are written, after so many others were dropped. */
  dropped(lines: number): void
}

type Written = (error: NodeJS.ErrnoException | null, bytes: number) => void

/** Lines of all logs of this process that were dropped since its start. */
export interface DroppedLines {
  total: number
}

export class LineOutput {
  readonly dropped: DroppedLines
  readonly #events: LineOutputEvents
  #target: WriteTarget
  /** Replaces the present target once its write has ended. */
  #next: WriteTarget | undefined
  #kept: string[] = []
  /** Characters of `#kept`. */
  #keptLength = 0
  /** The bytes that are being written. */
  #block: Buffer | undefined
  #isWriting = false
  #retry: NodeJS.Timeout | undefined
  #retryMs = 0
  #isFailing = false
  #isClosed = false
  /** Lines dropped and not reported yet. */
  #unreported = 0
  #onEmpty: (() => void) | undefined

  constructor(target: WriteTarget, events: LineOutputEvents, dropped: DroppedLines = { total: 0 }) {
    this.#target = target
    this.#events = events
    this.dropped = dropped
  }

  /** @param text whole lines. */
  write(text: string): void {
    if (this.#keptLength + (this.#block?.length ?? 0) > logOutputLimits.keptMax) {
      const lines = countLines(text)
      this.#unreported += lines
      this.dropped.total += lines
      return
    }
    this.#kept.push(text)
    this.#keptLength += text.length
    this.#writeOn()
  }

  /** Continues on another target, and closes the present one. After `close` it closes the other one. */
  replace(target: WriteTarget): void {
    if (this.#isClosed) {
      close(target.fd)
      return
    }
    if (this.#next !== undefined) close(this.#next.fd)
    this.#next = target
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#writeOn()
  }

  /** Resolves when everything is written, when writing fails, or at a deadline. */
  async flush(): Promise<void> {
    if (this.#isEmpty || this.#isFailing) return
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    await withDeadline(empty, logOutputLimits.closeMs, () => {})
  }

  /** Writes the remaining lines, and closes the file unless it is being written at the deadline. */
  async close(): Promise<void> {
    await this.flush()
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#retry)
    if (this.#next !== undefined) close(this.#next.fd)
    if (!this.#isWriting) close(this.#target.fd)
  }

  get #isEmpty(): boolean {
    return this.#block === undefined && this.#kept.length === 0
  }

  #writeOn(): void {
    while (!this.#isWriting && this.#retry === undefined) {
      this.#changeTarget()
      this.#block ??= this.#nextBlock()
      if (this.#block === undefined) return this.#emptied()
      this.#isWriting = true
      this.#begin(this.#block)
    }
  }

  #changeTarget(): void {
    if (this.#next === undefined) return
    close(this.#target.fd)
    this.#target = this.#next
    this.#next = undefined
  }

  #nextBlock(): Buffer | undefined {
    if (this.#kept.length === 0) return undefined
    const block = Buffer.from(this.#kept.join(''))
    this.#kept = []
    this.#keptLength = 0
    return block
  }

  #begin(block: Buffer): void {
    const { fd, mayBlock } = this.#target
    if (!mayBlock) return writeNow(fd, block, this.#written)
    write(fd, block, (error, bytes) => {
      this.#written(error, bytes)
      this.#writeOn()
    })
  }

  readonly #written: Written = (error, bytes) => {
    this.#isWriting = false
    if (error === null) this.#advance(bytes)
    else this.#failed(error)
  }

  #advance(bytes: number): void {
    this.#isFailing = false
    this.#retryMs = 0
    const rest = this.#block?.subarray(bytes)
    this.#block = rest?.length === 0 ? undefined : rest
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { retryMs, retryMsMax, failedMs } = logOutputLimits
    if (error.code === 'EAGAIN') {
      this.#retryMs = Math.min(retryMsMax, Math.max(retryMs, 2 * this.#retryMs))
    } else {
      this.#retryMs = failedMs
      if (!this.#isFailing) this.#events.failed(error)
      this.#isFailing = true
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#writeOn()
    }, this.#retryMs).unref()
  }

  #emptied(): void {
    this.#onEmpty?.()
    if (this.#unreported === 0) return
    const lines = this.#unreported
    this.#unreported = 0
    this.#events.dropped(lines)
  }
}

function writeNow(fd: number, block: Buffer, written: Written): void {
  let bytes: number
  try {
    bytes = writeSync(fd, block)
  } catch (error) {
    return written(error as NodeJS.ErrnoException, 0)
  }
  written(null, bytes)
}

function countLines(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}
