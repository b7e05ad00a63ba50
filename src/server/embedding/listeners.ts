// The listeners of a program for the events of the proxy, before and while it runs. A listener that throws ends nothing.

import type { Logger } from '../../base/log.ts'
import type { ProxyEvent } from '../../control/events/event-ring.ts'

export type EventListener = (event: ProxyEvent) => void

export class EventListeners {
  readonly #listeners: Set<EventListener> = new Set()
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  /** @returns ends it. */
  add(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly notify = (event: ProxyEvent): void => {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#log.error({ reason: String(error) }, 'event listener failed')
      }
    }
  }
}
