// GET /metrics: the live numbers in the text format of Prometheus. They are read during the scrape, so a
// request pays nothing for them. pages.ts loads this file at the first scrape, because it takes 10 MB of memory.

import { Counter, Gauge, Registry as Prometheus } from 'prom-client'
import type { NodeLive } from '../cluster/live.ts'
import { isForwardable } from '../cluster/node.ts'
import type { CountName } from '../cluster/traffic-counts.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'

/** Name of the metric, the count that it shows, and what it is. */
const trafficTotals: readonly (readonly [name: string, count: CountName, help: string])[] = [
  ['topspin_connections_total', 'connections', 'Client connections accepted.'],
  [
    'topspin_connections_refused_total',
    'connectionsRefused',
    'Client connections over the limit, closed at once.',
  ],
  ['topspin_requests_total', 'requests', 'Requests of clients.'],
  ['topspin_retries_total', 'retries', 'Requests sent to a node once more.'],
  ['topspin_retries_refused_total', 'retriesRefused', 'Retries that the budget did not allow.'],
  [
    'topspin_ejections_total',
    'ejections',
    'Nodes taken out because they answered nothing but errors.',
  ],
  ['topspin_cut_total', 'cut', "Responses cut because the node's ended too early."],
  [
    'topspin_shortages_total',
    'shortages',
    'Requests refused because no more connections to nodes could be opened.',
  ],
  ['topspin_faults_total', 'faults', 'Connections cut because of a fault in the proxy itself.'],
]

export class PrometheusText {
  readonly #prometheus: Prometheus = new Prometheus()
  readonly #settings: ControlSettings

  constructor(settings: ControlSettings, counts: ControlCounts) {
    this.#settings = settings
    this.#control(counts)
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
    for (const [name, count, help] of trafficTotals) this.#trafficTotal(name, help, count)
    this.#refused()
    this.#candidacyFailures()
    if (settings.state() !== undefined) this.#state()
    this.#gauge('topspin_node_in_flight', 'Requests not yet answered.', (live) => live.inFlight)
    this.#gauge(
      'topspin_node_sessions',
      'Sessions whose requests came to their node in the last minutes; approximate.',
      (live) => live.sessions.count(settings.clock.now()),
    )
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

  body(): Promise<string> {
    return this.#prometheus.metrics()
  }

  #control({ messages, refusals }: ControlCounts): void {
    const registers = [this.#prometheus]
    new Counter({
      name: 'topspin_mcmp_messages_total',
      help: 'MCMP messages by method and result (OK, or the Type of the error).',
      labelNames: ['method', 'result'],
      registers,
      collect() {
        this.reset()
        for (const [method, results] of messages)
          for (const [result, times] of results) this.inc({ method, result }, times)
      },
    })
    new Counter({
      name: 'topspin_control_refused_total',
      help: 'Connections and requests that the control listener refused, by reason.',
      labelNames: ['reason'],
      registers,
      collect() {
        this.reset()
        for (const [reason, times] of refusals) this.inc({ reason }, times)
      },
    })
  }

  #trafficTotal(name: string, help: string, count: CountName): void {
    const { counts } = this.#settings.traffic
    new Counter({
      name,
      help,
      registers: [this.#prometheus],
      collect() {
        this.reset()
        this.inc(counts()[count])
      },
    })
  }

  #candidacyFailures(): void {
    const { counts } = this.#settings.traffic
    new Counter({
      name: 'topspin_candidacy_failures_total',
      help: 'Candidacy functions that threw or gave back no list of candidates, by function.',
      labelNames: ['function'],
      registers: [this.#prometheus],
      collect() {
        this.reset()
        for (const [name, times] of counts().candidacyFailures) this.inc({ function: name }, times)
      },
    })
  }

  #refused(): void {
    const { counts } = this.#settings.traffic
    new Counter({
      name: 'topspin_refused_total',
      help: 'Requests that the proxy answered itself, by status.',
      labelNames: ['status'],
      registers: [this.#prometheus],
      collect() {
        this.reset()
        for (const [status, times] of counts().refused) this.inc({ status }, times)
      },
    })
  }

  #state(): void {
    const { state } = this.#settings
    const registers = [this.#prometheus]
    new Gauge({
      name: 'topspin_state_ok',
      help: '1 unless the state file cannot be written.',
      registers,
      collect() {
        this.set(state()?.reason === null ? 1 : 0)
      },
    })
    new Counter({
      name: 'topspin_state_failures_total',
      help: 'Attempts to read or write the state file that failed.',
      registers,
      collect() {
        this.reset()
        this.inc(state()?.failures ?? 0)
      },
    })
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
