// GET /metrics: the live numbers in the text form of Prometheus, read at the moment of the scrape, so that
// the way of a request pays nothing for them.

import { Counter, Gauge, Registry as Prometheus } from 'prom-client'
import type { NodeLive } from '../cluster/live.ts'
import { isForwardable } from '../cluster/node.ts'
import type { ControlSettings } from './options.ts'

export class Metrics {
  readonly #prometheus: Prometheus = new Prometheus()
  readonly #settings: ControlSettings
  readonly #messages: Counter<'method' | 'result'>

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#messages = new Counter({
      name: 'topspin_mcmp_messages_total',
      help: 'MCMP messages by method and result (OK, or the Type of the error).',
      labelNames: ['method', 'result'],
      registers: [this.#prometheus],
    })
    this.#total('topspin_node_requests_total', 'Requests sent to the node.', (live) => live.elected)
    this.#total('topspin_node_failures_total', 'Attempts that failed.', (live) => live.failures)
    this.#total(
      'topspin_node_read_bytes_total',
      'Bytes received from the node.',
      (live) => live.bytesRead,
    )
    this.#total(
      'topspin_node_sent_bytes_total',
      'Bytes sent to the node.',
      (live) => live.bytesSent,
    )
    this.#gauge('topspin_node_in_flight', 'Requests not yet answered.', (live) => live.inFlight)
    this.#gauge(
      'topspin_node_load_factor',
      'Reported load factor, -1..100, more is freer.',
      (live) => live.loadFactor,
    )
    this.#gauge('topspin_node_up', '1 unless the node is down.', (live) =>
      live.health.kind === 'down' ? 0 : 1,
    )
  }

  get contentType(): string {
    return this.#prometheus.contentType
  }

  text(): Promise<string> {
    return this.#prometheus.metrics()
  }

  countMessage(method: string, result: string): void {
    this.#messages.inc({ method, result })
  }

  #total(name: string, help: string, read: (live: NodeLive) => number): void {
    const each = this.#each.bind(this)
    new Counter({
      name,
      help,
      labelNames: ['node', 'balancer'],
      registers: [this.#prometheus],
      collect() {
        this.reset()
        each((labels, live) => this.inc(labels, read(live)))
      },
    })
  }

  #gauge(name: string, help: string, read: (live: NodeLive) => number | undefined): void {
    const each = this.#each.bind(this)
    new Gauge({
      name,
      help,
      labelNames: ['node', 'balancer'],
      registers: [this.#prometheus],
      collect() {
        this.reset()
        each((labels, live) => {
          const value = read(live)
          if (value !== undefined) this.set(labels, value)
        })
      },
    })
  }

  #each(visit: (labels: { node: string; balancer: string }, live: NodeLive) => void): void {
    const { registry, live } = this.#settings
    for (const node of registry.snapshot.nodes.values()) {
      if (node.removal !== 'forgotten' && isForwardable(node))
        visit({ node: node.route, balancer: node.balancer }, live.of(node.id))
    }
  }
}
