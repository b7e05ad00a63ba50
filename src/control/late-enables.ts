// ENABLE-APP of Java nodes, in force a moment after its reply. Tomcat tells of an application before its
// own mapper knows it, and goes on only when it has the reply: what is sent to it until then is answered
// with 404. While other nodes serve the application nothing is lost by waiting. Called by receive.ts.

import { setTimeout as pause } from 'node:timers/promises'
import { mcmpLimits } from '../base/limits.ts'
import { pathKey } from '../cluster/context.ts'
import type { Node } from '../cluster/node.ts'
import { findNode, type Snapshot } from '../cluster/snapshot.ts'
import type { AppMessage, Message } from '../wire/mcmp/message.ts'
import { appReply, type Reply } from '../wire/mcmp/reply.ts'

/** From the last reply until the change is in force. */
const lateMs = 100

/** How the client of every Java node calls itself. */
const javaClient = 'ClusterListener/'

export class LateEnables {
  readonly #snapshot: () => Snapshot
  readonly #apply: (message: AppMessage) => Promise<unknown>
  #waiting: AppMessage[] = []
  #applied: Promise<void> = Promise.resolve()

  /** @param apply puts a message in force; never rejects. */
  constructor(snapshot: () => Snapshot, apply: (message: AppMessage) => Promise<unknown>) {
    this.#snapshot = snapshot
    this.#apply = apply
  }

  /** The reply to a message that is put in force later; `undefined` for one that is for now. */
  take(message: Message, userAgent: string): Reply | undefined {
    if (message.method !== 'ENABLE-APP' || message.wildcard || !userAgent.startsWith(javaClient))
      return undefined
    const { route, aliases, contexts } = message
    const snapshot = this.#snapshot()
    const node = findNode(snapshot, route)
    if (node?.removal !== 'none' || this.#waiting.length >= mcmpLimits.enablesWaitingMax)
      return undefined
    if (!contexts.every((path) => isServedElsewhere(snapshot, node, path))) return undefined
    this.#waiting.push(message)
    void this.#flushLater(message)
    return appReply(
      'ENABLE-APP',
      route,
      aliases.map((alias) => ({ alias, contexts })),
    )
  }

  /** Puts in force what waits. To be called before any other message than ENABLE-APP is applied: their order stays. */
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

  /** Unless others came meanwhile, which wait as long. */
  async #flushLater(message: AppMessage): Promise<void> {
    await pause(lateMs, undefined, { ref: false })
    if (this.#waiting.at(-1) === message) await this.flush()
  }
}

/** Another node of the balancer has the path enabled, under whatever alias. */
function isServedElsewhere(snapshot: Snapshot, node: Node, path: string): boolean {
  const key = pathKey(path)
  for (const other of snapshot.nodes.values()) {
    if (other.id === node.id || other.balancer !== node.balancer || other.removal !== 'none')
      continue
    const contexts = snapshot.contexts.get(other.id) ?? []
    if (contexts.some((one) => one.status === 'ENABLED' && pathKey(one.path) === key)) return true
  }
  return false
}
