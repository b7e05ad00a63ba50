// The containers with a label as a source of nodes: Docker tells of events, and each makes the list be read again.
// https://docs.docker.com/reference/api/engine/

import { at, textAt } from '../../base/json-parts.ts'
import { fixedLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import type { DockerSettings } from '../../config/source-settings.ts'
import { ApiClient } from './api-client.ts'
import { nodesOfContainers } from './docker-containers.ts'
import type { NodeSource } from './node-source.ts'

const usualApi = 'unix:/var/run/docker.sock'

/** Events after which the list may be another one. */
const events = [
  'start',
  'die',
  'pause',
  'unpause',
  'kill',
  'health_status',
  'connect',
  'disconnect',
]

/** SIGTERM: `docker stop` sends it first. */
const stopSignal = '15'

export function dockerSource(settings: DockerSettings): NodeSource {
  const client = new ApiClient({ url: settings.api ?? usualApi, ca: settings.ca })
  return {
    async follow(report, signal) {
      /** Ids of containers that have been told to stop. */
      const leaving = new Set<string>()
      const list = async (): Promise<void> => {
        const path = `/containers/json?${filters({ label: [settings.label] })}`
        const { body } = await client.json(path, signal, fixedLimits.sourceMs)
        if (!Array.isArray(body)) throw new Error('the answer is not a list')
        const ids = new Set(body.map((container) => textAt(container, 'Id')))
        for (const id of leaving) if (!ids.has(id)) leaving.delete(id)
        report(() => nodesOfContainers(body, settings, leaving))
      }
      while (!signal.aborted) {
        await listAtEvents(client, list, leaving, signal)
        await pause(fixedLimits.watchRestMs, signal)
      }
    },
  }
}

/** Lists at once and after each event, until the events end. Rejects when one of them fails. */
async function listAtEvents(
  client: ApiClient,
  list: () => Promise<void>,
  leaving: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController()
  const path = `/events?${filters({ type: ['container', 'network'], event: events })}`
  const either = AbortSignal.any([signal, failed.signal])
  // Events are awaited first, so that none between list and events is missed.
  const told = await client.lines(path, either, fixedLimits.watchMs)
  const lists = new Lists(list, either, (error) => failed.abort(error))
  lists.again()
  try {
    for await (const event of told) {
      note(event, leaving)
      lists.again()
    }
    await lists.idle
  } catch (error) {
    if (!failed.signal.aborted) throw error
  }
  failed.signal.throwIfAborted()
}

const filters = (wanted: object): URLSearchParams =>
  new URLSearchParams({ filters: JSON.stringify(wanted) })

/** A container that is told to stop ends after a while, and may start again. */
function note(event: unknown, leaving: Set<string>): void {
  const actor = at(event, 'Actor')
  const id = textAt(actor, 'ID')
  const action = textAt(event, 'Action')
  if (action === 'kill' && textAt(at(actor, 'Attributes'), 'signal') === stopSignal) leaving.add(id)
  else if (action === 'die' || action === 'start') leaving.delete(id)
}

/** Reads the list once more for all events that arrive during a reading. */
class Lists {
  /** Resolves when nothing is being read. */
  idle: Promise<void> = Promise.resolve()
  readonly #list: () => Promise<void>
  readonly #signal: AbortSignal
  readonly #onFailure: (error: unknown) => void
  #isReading = false
  #isDue = false

  constructor(list: () => Promise<void>, signal: AbortSignal, onFailure: (error: unknown) => void) {
    this.#list = list
    this.#signal = signal
    this.#onFailure = onFailure
  }

  again(): void {
    this.#isDue = true
    if (!this.#isReading) this.idle = this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    try {
      while (this.#isDue) {
        this.#isDue = false
        await this.#list()
        // One reading serves all events of this time.
        if (this.#isDue) await pause(fixedLimits.sourceRestMs, this.#signal)
      }
    } catch (error) {
      this.#onFailure(error)
    }
    this.#isReading = false
  }
}
