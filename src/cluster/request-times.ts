// The times of requests by listener, balancer and context, in a table of limited size. A request finds its row by two
// array accesses: in its application, by the number of its listener.

import { measureLimits } from '../base/limits.ts'
import type { Application } from './candidate.ts'
import { type Exemplar, type Growth, newRequestTimes, type Times } from './times.ts'

/** The labels of a row. */
export interface RequestLabels {
  /** Address of the listener. */
  readonly listener: string
  /** '' for requests to no context. */
  readonly balancer: string
  /** `/` for the root; '' for requests to no context. */
  readonly context: string
}

export interface RequestRow extends RequestLabels {
  readonly times: Times
}

/** `/` for the root; '' where there is no context. */
export const contextName = ({ balancer, path }: Pick<Application, 'balancer' | 'path'>): string =>
  path === '' && balancer.name !== '' ? '/' : path

/** What a row has grown by since the last report. */
export interface RequestGrowth extends RequestLabels {
  readonly growth: Growth
  /** The newest of each bucket; absent where requests are not traced. */
  readonly exemplars?: readonly Exemplar[]
}

/** Stands for all values of a label beyond a limit. */
export const otherValue = 'other'

export class RequestTimes {
  readonly #rows: Map<string, RequestRow> = new Map()
  readonly #listeners: string[] = []

  /** The number of a listener; the same for the same address. */
  listener(address: string): number {
    const at = this.#listeners.indexOf(address)
    if (at >= 0) return at
    const isFull = this.#listeners.length >= measureLimits.listenersMax
    if (isFull) return this.#listeners.length - 1
    const isLast = this.#listeners.length === measureLimits.listenersMax - 1
    return this.#listeners.push(isLast ? otherValue : address) - 1
  }

  /** The times of a context at a listener. */
  of({ balancer, path, measured }: Application, listener: number): Times {
    const found = measured[listener]
    if (found !== undefined) return found
    const { times } = this.#row({
      listener: this.#listeners[listener] ?? '',
      balancer: balancer.name,
      context: contextName({ balancer, path }),
    })
    measured[listener] = times
    return times
  }

  /** Adds what another process has counted. */
  add(grown: readonly RequestGrowth[]): void {
    for (const { growth, exemplars = [], ...labels } of grown) {
      const { times } = this.#row(labels)
      times.add(growth)
      if (exemplars.length > 0) times.exemplars ??= new Map()
      for (const exemplar of exemplars) times.exemplars?.set(exemplar.bucket, exemplar)
    }
  }

  /** What all rows have grown by since the last call. */
  collect(): readonly RequestGrowth[] {
    const grown: RequestGrowth[] = []
    for (const { times, ...labels } of this.#rows.values()) {
      const growth = times.collect()
      if (growth.length === 0) continue
      const { exemplars } = times
      grown.push({ ...labels, growth, ...(exemplars && { exemplars: [...exemplars.values()] }) })
    }
    return grown
  }

  rows(): Iterable<RequestRow> {
    return this.#rows.values()
  }

  #row(labels: RequestLabels): RequestRow {
    const key = keyOf(labels)
    const found = this.#rows.get(key)
    if (found !== undefined) return found
    const isFull = this.#rows.size >= measureLimits.contextsMax
    if (isFull && labels.context !== otherValue)
      return this.#row({ ...labels, balancer: otherValue, context: otherValue })
    // Workers that are replaced bring further listeners.
    const isFuller = this.#rows.size >= measureLimits.contextsMax + measureLimits.listenersMax
    if (isFuller && labels.listener !== otherValue)
      return this.#row({ ...labels, listener: otherValue })
    const row = { ...labels, times: newRequestTimes() }
    this.#rows.set(key, row)
    return row
  }
}

/** None of the names contains a line feed. */
const keyOf = ({ listener, balancer, context }: RequestLabels): string =>
  `${listener}\n${balancer}\n${context}`
