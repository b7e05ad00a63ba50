// GET /metrics: the live numbers in the text format of Prometheus. They are read during the scrape, so a
// request pays nothing for them. pages.ts loads this file at the first scrape, because it takes 10 MB of memory.

import { Counter, Gauge, Registry as Prometheus } from 'prom-client'
import type { NodeLive } from '../cluster/live.ts'
import { isForwardable } from '../cluster/node.ts'
import { roomFigures } from '../cluster/room-figures.ts'
import type { CountName } from '../cluster/traffic-counts.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'

/** Reports one value of a metric; the labels are those of the metric. */
type Report = (value: number, labels?: Readonly<Record<string, string | number>>) => void

const trafficTotals: readonly (readonly [name: string, count: CountName, help: string])[] = [
  ['topspin_connections_total', 'connections', 'Client connections accepted.'],
  [
    'topspin_connections_refused_total',
    'connectionsRefused',
    'Client connections over the limit, closed at once.',
  ],
  ['topspin_requests_total', 'requests', 'Requests of clients.'],
  ['topspin_http2_connections_total', 'connectionsHttp2', 'Client connections over HTTP/2.'],
  ['topspin_http2_requests_total', 'requestsHttp2', 'Requests of clients over HTTP/2.'],
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
  [
    'topspin_log_lines_dropped_total',
    'logLinesDropped',
    'Lines of the log and the access log dropped because their reader or disk was too slow.',
  ],
]

const nodeLabels = ['node', 'balancer']

export class PrometheusText {
  readonly #prometheus: Prometheus = new Prometheus()
  readonly #settings: ControlSettings

  constructor(settings: ControlSettings, counts: ControlCounts) {
    this.#settings = settings
    this.#addControlTotals(counts)
    this.#addNodeTotals()
    this.#addTrafficTotals()
    if (settings.state() !== undefined) this.#addStateFile()
    this.#addNodeGauges()
  }

  get contentType(): string {
    return this.#prometheus.contentType
  }

  body(): Promise<string> {
    return this.#prometheus.metrics()
  }

  #addControlTotals({ messages, refusals }: ControlCounts): void {
    this.#counter(
      'topspin_mcmp_messages_total',
      'MCMP messages by method and result (OK, or the Type of the error).',
      ['method', 'result'],
      (report) => {
        for (const [method, results] of messages)
          for (const [result, times] of results) report(times, { method, result })
      },
    )
    this.#counter(
      'topspin_control_refused_total',
      'Connections and requests that the control listener refused, by reason.',
      ['reason'],
      (report) => {
        for (const [reason, times] of refusals) report(times, { reason })
      },
    )
  }

  #addNodeTotals(): void {
    const total = (name: string, help: string, read: (live: NodeLive) => number): void =>
      this.#counter(name, help, nodeLabels, (report) => this.#reportNodes(report, read))
    total('topspin_node_requests_total', 'Requests sent to the node.', (live) => live.elected)
    total('topspin_node_failures_total', 'Attempts that failed.', (live) => live.failures)
    total(
      'topspin_node_errors_total',
      'Responses of the node with a status of 500 or more.',
      (live) => live.errors,
    )
    total(
      'topspin_node_read_bytes_total',
      'Bytes received from the node.',
      (live) => live.bytesRead,
    )
    total('topspin_node_sent_bytes_total', 'Bytes sent to the node.', (live) => live.bytesSent)
  }

  #addTrafficTotals(): void {
    const { counts } = this.#settings.traffic
    for (const [name, count, help] of trafficTotals)
      this.#counter(name, help, [], (report) => report(counts()[count]))
    this.#counter(
      'topspin_refused_total',
      'Requests that the proxy answered itself, by status.',
      ['status'],
      (report) => {
        for (const [status, times] of counts().refused) report(times, { status })
      },
    )
    this.#counter(
      'topspin_refusals_total',
      'Requests that the proxy answered itself, by reason: the code in the response.',
      ['reason'],
      (report) => {
        for (const [reason, times] of counts().refusedFor) report(times, { reason })
      },
    )
    this.#counter(
      'topspin_connections_closed_total',
      'Client connections that the proxy closed before a request was complete, by reason.',
      ['reason'],
      (report) => {
        for (const [reason, times] of counts().closedFor) report(times, { reason })
      },
    )
    this.#counter(
      'topspin_candidacy_failures_total',
      'Candidacy functions that threw or gave back no list of candidates, by function.',
      ['function'],
      (report) => {
        for (const [name, times] of counts().candidacyFailures) report(times, { function: name })
      },
    )
  }

  #addStateFile(): void {
    const { state } = this.#settings
    this.#gauge('topspin_state_ok', '1 unless the state file cannot be written.', [], (report) =>
      report(state()?.reason === null ? 1 : 0),
    )
    this.#counter(
      'topspin_state_failures_total',
      'Attempts to read or write the state file that failed.',
      [],
      (report) => report(state()?.failures ?? 0),
    )
  }

  #addNodeGauges(): void {
    const { clock } = this.#settings
    const gauge = (
      name: string,
      help: string,
      read: (live: NodeLive) => number | undefined,
    ): void => this.#gauge(name, help, nodeLabels, (report) => this.#reportNodes(report, read))
    gauge('topspin_node_in_flight', 'Requests not yet answered.', (live) => live.inFlight)
    gauge(
      'topspin_node_in_hand',
      'Requests not yet answered, without the long ones.',
      (live) => roomFigures(live, clock.now()).inHand,
    )
    gauge(
      'topspin_node_long',
      'Upgraded connections, and requests that take much longer than others.',
      (live) => roomFigures(live, clock.now()).long,
    )
    gauge(
      'topspin_node_service_milliseconds',
      'Estimated service time of a request at the node.',
      (live) => {
        const { ms, answers } = roomFigures(live, clock.now())
        return answers === 0 ? undefined : ms
      },
    )
    gauge(
      'topspin_node_concurrency',
      'Requests that the node processes at once, as estimated.',
      (live) => {
        const { knee, answers } = roomFigures(live, clock.now())
        return answers === 0 ? undefined : knee
      },
    )
    gauge(
      'topspin_node_sessions',
      'Sessions whose requests came to their node in the last minutes; approximate.',
      (live) => live.sessions.count(clock.now()),
    )
    gauge(
      'topspin_node_load_factor',
      'Reported load factor, -1..100, more is freer.',
      (live) => live.loadFactor,
    )
    gauge(
      'topspin_node_queued',
      'Requests that wait for a place at the node (maxConnections).',
      (live) => live.waiting,
    )
    gauge('topspin_node_up', '0 while the node is down or has never been checked.', (live) =>
      live.health.kind === 'down' || live.health.kind === 'unchecked' ? 0 : 1,
    )
  }

  #reportNodes(report: Report, read: (live: NodeLive) => number | undefined): void {
    const { registry, live } = this.#settings
    for (const node of registry.snapshot.nodes.values()) {
      if (node.removal === 'forgotten' || !isForwardable(node)) continue
      const value = read(live.of(node.id))
      if (value !== undefined) report(value, { node: node.route, balancer: node.balancer })
    }
  }

  /** @param read called at each scrape; reports every value of the metric. */
  #counter(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (report: Report) => void,
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#prometheus],
      collect() {
        this.reset()
        read((value, labels = {}) => this.inc(labels, value))
      },
    })
  }

  /** As `#counter`. */
  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (report: Report) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#prometheus],
      collect() {
        this.reset()
        read((value, labels = {}) => this.set(labels, value))
      },
    })
  }
}
