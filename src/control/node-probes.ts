// Probes of nodes on behalf of messages: the registry asks whether certain addresses answer before it applies
// a message. Called by message-handler.ts.

import { isForwardable } from '../cluster/node.ts'
import type { Question } from '../cluster/registry/facts.ts'
import { questionKey } from '../cluster/registry/questions.ts'
import { findNode } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { Message } from '../wire/mcmp/message.ts'
import type { ControlSettings } from './options.ts'
import { recordProbe } from './record.ts'

/** Other messages may change the registry during the probes; after this many rounds it decides with what is known. */
const roundsMax = 3

export class NodeProbes {
  readonly #settings: ControlSettings
  /** Probes in progress by address and timeout: one probe serves all messages that wait for it. */
  readonly #running: Map<string, Promise<ProbeResult>> = new Map()

  constructor(settings: ControlSettings) {
    this.#settings = settings
  }

  /** Probes until the registry has no open question about a message. */
  async answersFor(message: Message): Promise<ReadonlyMap<string, boolean>> {
    const { registry } = this.#settings
    const answers = new Map<string, boolean>()
    for (let round = 0; round < roundsMax; round += 1) {
      const open = registry.questions(message).filter((question) => !answers.has(question.key))
      if (open.length === 0) break
      await Promise.all(
        open.map(async (question) => {
          const result = await this.#probe(question)
          answers.set(question.key, result.answered)
          if (message.method === 'STATUS') this.#record(message.route, question, result)
        }),
      )
    }
    return answers
  }

  /** The node may have moved to another address during the probe. */
  #record(route: string, question: Question, result: ProbeResult): void {
    const node = findNode(this.#settings.registry.snapshot, route)
    if (node === undefined || questionKey(node) !== question.key || !isForwardable(node)) return
    recordProbe(this.#settings, node, result)
  }

  #probe(question: Question): Promise<ProbeResult> {
    const key = `${question.key} ${question.timeoutMs}`
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const probe = this.#settings.watch.probe(question).finally(() => this.#running.delete(key))
    this.#running.set(key, probe)
    return probe
  }
}
