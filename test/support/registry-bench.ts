// A registry with its live numbers and a manual clock; messages are written as one line. For unit tests.

import assert from 'node:assert/strict'
import { LiveTable } from '../../src/cluster/live.ts'
import { applyToLive } from '../../src/cluster/live-changes.ts'
import type { Applied, RegistryOptions } from '../../src/cluster/registry/facts.ts'
import { Registry } from '../../src/cluster/registry.ts'
import type { Change } from '../../src/cluster/snapshot.ts'
import type { Message } from '../../src/wire/mcmp/message.ts'
import { methodOf, parseMessage } from '../../src/wire/mcmp/parse.ts'

/** Remote address of the sender, and its field `Topspin-Sender`. */
interface From {
  readonly from?: string
  readonly sender?: string
}

export class RegistryBench {
  readonly registry: Registry
  readonly live: LiveTable = new LiveTable()
  now = 1_000
  /** Addresses `host:port` that do not answer. */
  readonly dead: Set<string> = new Set()
  /** Addresses probed so far. */
  readonly asked: string[] = []

  constructor(options: Partial<RegistryOptions> = {}) {
    this.registry = new Registry({ runId: '77', ...options })
  }

  /** `'STOP-APP /* JVMRoute=a'`: method, target, body. */
  send(line: string, userAgent: string = '', { from, sender = '' }: From = {}): Applied {
    const [name = '', target = '', body = ''] = line.split(' ')
    const method = methodOf(name)
    assert.ok(method !== undefined, name)
    const parsed = parseMessage({
      method,
      target,
      body: Buffer.from(body),
      accept: '',
      contentType: '',
      userAgent,
      sender,
    })
    assert.ok(parsed.ok, JSON.stringify(parsed))
    return this.apply(parsed.message, from)
  }

  apply(message: Message, from?: string): Applied {
    const answers = new Map<string, boolean>()
    for (const question of this.registry.questions(message)) {
      const address = `${question.host}:${question.port}`
      this.asked.push(address)
      answers.set(question.key, !this.dead.has(address))
    }
    const before = this.registry.snapshot
    const applied = this.registry.apply(message, {
      now: this.now,
      ...(from === undefined ? {} : { from }),
      answers,
      live: (id) => this.live.of(id),
    })
    applyToLive(this.live, applied.changes, before)
    return applied
  }

  tick(): readonly Change[] {
    const before = this.registry.snapshot
    const { changes } = this.registry.tick({ now: this.now, live: (id) => this.live.of(id) })
    applyToLive(this.live, changes, before)
    return changes
  }

  /** The body of a success. */
  ok(line: string, userAgent: string = ''): string {
    const { reply } = this.send(line, userAgent)
    assert.ok(reply.ok, JSON.stringify(reply))
    return reply.body
  }

  /** The text of a refusal. */
  refused(line: string): string {
    const before = this.registry.snapshot
    const { reply } = this.send(line)
    assert.ok(!reply.ok, `accepted: ${line}`)
    assert.deepEqual(this.registry.snapshot, before)
    return `${reply.type}|${reply.text}`
  }

  /** Lines of INFO that begin with a word. */
  lines(word: string): string[] {
    return this.ok('INFO /')
      .split('\n')
      .filter((line) => line.startsWith(`${word}:`))
  }

  /** `alias path STATUS` of all contexts of a route. */
  contexts(route: string): string[] {
    const node = [...this.registry.snapshot.nodes.values()].find((one) => one.route === route)
    const rows = node === undefined ? [] : (this.registry.snapshot.contexts.get(node.id) ?? [])
    return rows.map((row) => `${row.alias} ${row.path} ${row.status}`)
  }
}
