// Probes of nodes on behalf of messages: the registry asks whether certain addresses answer before it applies
// a message. Called by message-handler.ts.

import { mcmpLimits } from '../base/limits.ts'
import { withDeadline } from '../base/wait.ts'
import { asksApplication, checkOf } from '../cluster/health-check.ts'
import type { NodeLive } from '../cluster/live.ts'
import type { Question } from '../cluster/registry/facts.ts'
import { questionKey } from '../cluster/registry/questions.ts'
import { findNode } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { Message } from '../wire/mcmp/message.ts'
import type { ControlSettings } from './options.ts'
import { recordProbe } from './record.ts'

/** Other messages may change the registry during the probes; after this many rounds it decides with the facts so far. */
const roundsMax = 3

export class NodeProbes {
  readonly #settings: ControlSettings
  /** Probes in progress by address and timeout: one probe serves all messages that wait for it. */
  readonly #running: Map<string, Promise<boolean>> = new Map()
  /** Why the last probe of an address failed, by question. */
  readonly #reasons: Map<string, string> = new Map()

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
        open.map(async (question) => answers.set(question.key, await this.#ask(question, message))),
      )
    }
    return answers
  }

  /** Why an address that the message asks about did not answer; undefined when all answered. */
  reasonFor(message: Message): string | undefined {
    const open = this.#settings.registry.questions(message)
    return open.map(({ key }) => this.#reasons.get(key)).find((reason) => reason !== undefined)
  }

  /**
   * Whether the node is alive. A reply to STATUS or PING waits for the probe for a short time only, and then rests on what
   * is known of the node: the next messages of the node wait behind it.
   */
  async #ask(question: Question, { method }: Message): Promise<boolean> {
    if (method === 'STATUS' && (this.#isFresh(question) || this.#mayWait(question))) return true
    const probed = this.#probe(question)
    if (method === 'CONFIG') return probed
    return withDeadline(probed, mcmpLimits.probeWaitMs, () => this.#isUp(question))
  }

  /**
   * The node is up, was reached at its present address, and was read from, answered a probe or reported a moment ago. The
   * watch probes it when it is quiet. A configured check by HTTP or gRPC asks for more than that.
   */
  #isFresh(question: Question): boolean {
    const { registry, live, clock, watch } = this.#settings
    const node = findNode(registry.snapshot, question.route)
    if (node === undefined) return false
    const {
      health,
      readAt,
      probeAnsweredAt,
      statusAt = Number.NEGATIVE_INFINITY,
    } = live.of(node.id)
    const { probe } = checkOf(watch.rules(), question)
    const reachedAt = asksApplication(probe) ? probeAnsweredAt : Math.max(readAt, probeAnsweredAt)
    const isHeard = reachedAt > Number.NEGATIVE_INFINITY && !asksApplication(probe)
    const since = isHeard ? Math.max(reachedAt, statusAt) : reachedAt
    return health.kind === 'up' && clock.now() - since < mcmpLimits.freshMs
  }

  /** Nothing speaks against the node, and many probes of such nodes were sent just now. */
  #mayWait({ route }: Question): boolean {
    const { registry, live, clock, quietProbes } = this.#settings
    const node = findNode(registry.snapshot, route)
    const isUp = node !== undefined && live.of(node.id).health.kind === 'up'
    return isUp && !quietProbes.draw(clock.now())
  }

  #isUp({ route }: Question): boolean {
    const { registry, live } = this.#settings
    const node = findNode(registry.snapshot, route)
    return node !== undefined && live.of(node.id).health.kind !== 'down'
  }

  #probe(question: Question): Promise<boolean> {
    const key = `${question.key} ${question.timeoutMs}`
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const probe = this.#send(question).finally(() => this.#running.delete(key))
    this.#running.set(key, probe)
    return probe
  }

  async #send(asked: Question): Promise<boolean> {
    const { watch, registry, live, checks } = this.#settings
    const { host, port, type } = asked
    const check = checkOf(watch.rules(), asked)
    const { probe, question, service } = check
    if (probe === 'none') return this.#isUp(asked)
    const timeoutMs = Math.min(check.timeoutMs ?? Number.POSITIVE_INFINITY, asked.timeoutMs)
    const before = findNode(registry.snapshot, asked.route)
    const bytesRead = before === undefined ? 0 : live.of(before.id).bytesRead
    if (before !== undefined && probe === 'tcp' && isBusy(live.of(before.id))) return true
    const lookup = checks.lookupOf(asked)
    const target = { host, port, type, probe, question, service, timeoutMs, lookup }
    const result = await watch.probe(target)
    this.#record(asked, result, bytesRead)
    // An address that nobody can find holds no route against a node that registers.
    if (result.shortage === true && result.unresolved !== true) return this.#isUp(asked)
    if (result.answered) this.#reasons.delete(asked.key)
    else this.#keepReason(asked, result)
    // A node that accepts connections and is late is busy.
    return result.answered || result.late === 'answer'
  }

  #keepReason({ key }: Question, { reason }: ProbeResult): void {
    if (this.#reasons.size >= mcmpLimits.nodesMax) this.#reasons.clear()
    this.#reasons.set(key, reason)
  }

  /** The node may have moved to another address during the probe. */
  #record(question: Question, result: ProbeResult, bytesRead: number): void {
    const node = findNode(this.#settings.registry.snapshot, question.route)
    if (node === undefined || node.removal !== 'none' || questionKey(node) !== question.key) return
    recordProbe(this.#settings, node, result, bytesRead)
  }
}

/** The connections of its requests show that the node is there; one more would wait in its queue with theirs. */
const isBusy = ({ health, inFlight }: NodeLive): boolean => health.kind === 'up' && inFlight > 0
