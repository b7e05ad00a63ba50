// Peers as processes of their own, and the question whether all of them agree on who is there.

import type { TestContext } from 'node:test'
import type { MemberOptions, Seen } from '../fixtures/peer-member.ts'
import { AskedChild } from './asked-child.ts'
import { until } from './until.ts'

export class Members {
  readonly #t: TestContext
  readonly #common: Partial<MemberOptions>
  readonly #running: Map<string, AskedChild<Seen>> = new Map()

  constructor(t: TestContext, common: Partial<MemberOptions>) {
    this.#t = t
    this.#common = common
  }

  /** Another process; it may have the name of one that is gone. */
  start(name: string, options: Partial<MemberOptions> = {}): void {
    const all = {
      address: `http://127.0.0.1:${8000 + name.length}`,
      name,
      ...this.#common,
      ...options,
    }
    this.#running.set(name, new AskedChild(this.#t, 'peer-member', all))
  }

  signal(name: string, order: 'leave' | NodeJS.Signals): void {
    const child = this.#running.get(name)
    if (order === 'leave') child?.send(order)
    else child?.process.kill(order)
  }

  pid(name: string): number {
    return this.#running.get(name)?.process.pid ?? 0
  }

  async ask(name: string): Promise<Seen> {
    const child = this.#running.get(name)
    if (child === undefined) throw new Error(`${name} does not run`)
    return child.ask('seen')
  }

  /** Waits until each of those who ask sees exactly these; gives back how long that took, ms. */
  async agree(
    askers: readonly string[],
    names: readonly string[],
    deadlineMs = 15_000,
  ): Promise<number> {
    const begun = performance.now()
    let seen: Seen[] = []
    const want = [...names].sort().join()
    await until(
      `${askers} see ${want}`,
      async () => {
        seen = await Promise.all(askers.map((name) => this.ask(name)))
        return seen.every((one) => one.names.join() === want)
      },
      deadlineMs,
      () => seen,
    )
    return performance.now() - begun
  }
}
