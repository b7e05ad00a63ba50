// Looks whether files have changed, by their stamps: that works on every file system, and for symbolic links that are
// replaced. A change is reported once it has stayed the same for a while, so that what is being written is not read.

import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tlsLimits } from '../base/limits.ts'
import { fileStamp } from '../host/file-stamp.ts'

type Stamps = ReadonlyMap<string, string>

export class WatchedFiles {
  /** What was read. */
  #inForce: Stamps = new Map()
  #everyMs = 0
  /** The state of the files at the last look, and the last one that was reported. */
  #seen = ''
  #reported = ''
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  readonly #changed: (files: readonly string[]) => Promise<void>

  /** @param changed with the names of the files; must not reject. */
  constructor(changed: (files: readonly string[]) => Promise<void>) {
    this.#changed = changed
  }

  /** @param files with the stamps that they had before they were read. @param everyMs 0: they are not watched. */
  use(files: Stamps, everyMs: number): void {
    this.#inForce = files
    this.#everyMs = everyMs
    this.#schedule(everyMs)
  }

  /** The last change is reported again once it has stayed the same. */
  again(): void {
    this.#reported = ''
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#everyMs === 0) return
    this.#timer = setTimeout(() => void this.#look(), ms)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const files = this.#inForce
    const now = await stampsOf([...files.keys()])
    if (files !== this.#inForce) return
    const state = [...now.values()].join('\n')
    const changed = [...files.keys()].filter((file) => now.get(file) !== files.get(file))
    if (changed.length === 0 || state === this.#reported) {
      this.#seen = state
      return this.#schedule(this.#everyMs)
    }
    if (state !== this.#seen) {
      this.#seen = state
      return this.#schedule(Math.min(tlsLimits.settleMs, this.#everyMs))
    }
    this.#reported = state
    await this.#changed(changed)
    this.#schedule(this.#everyMs)
  }
}

/** The stamps of these files now. */
export async function stampsOf(files: readonly string[]): Promise<Stamps> {
  const stamps = new Map<string, string>()
  for (const file of files) {
    const stats: Stats | undefined = await stat(file).catch(() => undefined)
    stamps.set(file, fileStamp(stats))
  }
  return stamps
}
