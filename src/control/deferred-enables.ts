// ENABLE-APP of Java nodes takes effect shortly after its reply. Tomcat announces an application before its own
// mapper serves it, and goes on only when it has the reply, so it would answer the first requests with 404.
// The delay costs nothing while other nodes serve the application. Called by message-handler.ts.

import { setTimeout as pause } from 'node:timers/promises'
import { mcmpLimits } from '../base/limits.ts'
import { pathKey } from '../cluster/context.ts'
import type { Node } from '../cluster/node.ts'
import { findNode, type Snapshot } from '../cluster/snapshot.ts'
import type { AppMessage, Message } from '../wire/mcmp/message.ts'
import { appReply, type Reply } from '../wire/mcmp/reply.ts'

/** From the last reply until the messages are applied. */
const delayMs = 100

export class DeferredEnables {
  readonly #snapshot: () => Snapshot
  readonly #apply: (message: AppMessage) => Promise<unknown>
  #waiting: AppMessage[] = []
  #applied: Promise<void> = Promise.resolve()

  /** @param apply puts a message into force; never rejects. */
  constructor(snapshot: () => Snapshot, apply: (message: AppMessage) => Promise<unknown>) {
    this.#snapshot = snapshot
    this.#apply = apply
  }

  /** Defers a message and returns its reply; `undefined` for a message that has to be applied now. */
  defer(message: Message): Reply | undefined {
    if (message.method !== 'ENABLE-APP') return undefined
    const { route, aliases, contexts, wildcard, fromJavaNode } = message
    if (wildcard || fromJavaNode !== true) return undefined
    const snapshot = this.#snapshot()
    const node = findNode(snapshot, route)
    if (node?.removal !== 'none' || this.#waiting.length >= mcmpLimits.enablesWaitingMax)
      return undefined
    const served = servedElsewhere(snapshot, node)
    if (!contexts.every((path) => served.has(pathKey(path)))) return undefined
    this.#waiting.push(message)
    void this.#flushAfterDelay(message)
    return appReply(
      'ENABLE-APP',
      route,
      aliases.map((alias) => ({ alias, contexts })),
    )
  }

  /** Applies the deferred messages. Called before any other message is applied, so that their order stays. */
  flush(): Promise<void> {
    const waiting = this.#waiting
    if (waiting.length > 0) {
      this.#waiting = []
      this.#applied = this.#applied.then(async () => {
        for (const message of waiting) await this.#apply(message)
      })
    }
    return this.#applied
  }

  /** A later message starts the delay anew. */
  async #flushAfterDelay(message: AppMessage): Promise<void> {
    await pause(delayMs, undefined, { ref: false })
    if (this.#waiting.at(-1) === message) await this.flush()
  }
}

/** The paths that another node of the balancer has enabled, under any alias. */
function servedElsewhere(snapshot: Snapshot, node: Node): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const other of snapshot.nodes.values()) {
    if (other.id === node.id || other.balancer !== node.balancer || other.removal !== 'none')
      continue
    for (const { status, path } of snapshot.contexts.get(other.id) ?? [])
      if (status === 'ENABLED') paths.add(pathKey(path))
  }
  return paths
}
