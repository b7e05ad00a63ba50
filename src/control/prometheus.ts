// GET /metrics: the live numbers in a text format of Prometheus. They are read during the scrape, so a request pays
// nothing for the text. A long answer is put together in slices, between which other work has its turn.

import { setImmediate as turn } from 'node:timers/promises'
import { measureLimits } from '../base/limits.ts'
import { packageVersion } from '../base/package-version.ts'
import type { NodeLive } from '../cluster/live.ts'
import { isForwardable } from '../cluster/node.ts'
import { roomFigures } from '../cluster/room-figures.ts'
import {
  type Histogram,
  nodeHistograms,
  requestHistograms,
  statusClasses,
  type Times,
} from '../cluster/times.ts'
import type { CountName, TrafficCounts } from '../cluster/traffic-counts.ts'
import type { ControlCounts } from './counts.ts'
import {
  HistogramText,
  headText,
  labelsText,
  type MetricsFormat,
  sampleText,
} from './metrics-text.ts'
import type { ControlSettings } from './options.ts'

type Labels = Readonly<Record<string, string | number>>
/** Values with their labels. */
type Samples = Iterable<readonly [labels: Labels, value: number]>

/** A node at the moment of the scrape. */
interface NodeRow {
  /** As `labelsText` returns them. */
  readonly labels: string
  readonly live: NodeLive
}

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

const requestTimes: readonly (readonly [name: string, histogram: Histogram, help: string])[] = [
  [
    'topspin_request_duration_seconds',
    requestHistograms.duration,
    'From the end of the head of a request to the end of its response; without tunnels.',
  ],
  [
    'topspin_request_first_byte_seconds',
    requestHistograms.firstByte,
    'From the end of the head of a request to the head of the response of a node.',
  ],
  [
    'topspin_request_wait_seconds',
    requestHistograms.wait,
    'From the end of the head of a request until a connection to a node was ready for it: queues, connecting, failed attempts.',
  ],
]

const nodeTimes: readonly (readonly [name: string, histogram: Histogram, help: string])[] = [
  [
    'topspin_node_response_duration_seconds',
    nodeHistograms.duration,
    'From sending a request to the node to the end of its response; without tunnels.',
  ],
  [
    'topspin_node_first_byte_seconds',
    nodeHistograms.firstByte,
    'From sending a request to the node to the head of its response.',
  ],
  [
    'topspin_node_connect_seconds',
    nodeHistograms.connect,
    'Until a new connection to the node was ready, with its TLS handshake.',
  ],
]

const nodeTotals: readonly (readonly [
  name: string,
  help: string,
  read: (live: NodeLive) => number,
])[] = [
  ['topspin_node_requests_total', 'Requests sent to the node.', (live) => live.elected],
  ['topspin_node_failures_total', 'Attempts that failed.', (live) => live.failures],
  [
    'topspin_node_errors_total',
    'Responses of the node with a status of 500 or more.',
    (live) => live.errors,
  ],
  ['topspin_node_read_bytes_total', 'Bytes received from the node.', (live) => live.bytesRead],
  ['topspin_node_sent_bytes_total', 'Bytes sent to the node.', (live) => live.bytesSent],
]

const nodeGauges: readonly (readonly [
  name: string,
  help: string,
  read: (live: NodeLive, now: number) => number | undefined,
])[] = [
  ['topspin_node_in_flight', 'Requests not yet answered.', (live) => live.inFlight],
  [
    'topspin_node_in_hand',
    'Requests not yet answered, without the long ones.',
    (live, now) => roomFigures(live, now).inHand,
  ],
  [
    'topspin_node_long',
    'Upgraded connections, and requests that take much longer than others.',
    (live, now) => roomFigures(live, now).long,
  ],
  [
    'topspin_node_service_seconds',
    'Estimated service time of a request at the node.',
    (live, now) => {
      const { ms, answers } = roomFigures(live, now)
      return answers === 0 ? undefined : ms / 1_000
    },
  ],
  [
    'topspin_node_concurrency',
    'Requests that the node processes at once, as estimated.',
    (live, now) => {
      const { knee, answers } = roomFigures(live, now)
      return answers === 0 ? undefined : knee
    },
  ],
  [
    'topspin_node_sessions',
    'Sessions whose requests came to their node in the last minutes; approximate.',
    (live, now) => live.sessions.count(now),
  ],
  [
    'topspin_node_load_factor',
    'Reported load factor, -1..100, more is freer.',
    (live) => live.loadFactor,
  ],
  [
    'topspin_node_queued',
    'Requests that wait for a place at the node (maxConnections).',
    (live) => live.waiting,
  ],
  [
    'topspin_node_up',
    '0 while the node is down or has never been checked.',
    ({ health }) => (health.kind === 'down' || health.kind === 'unchecked' ? 0 : 1),
  ],
]

export class PrometheusText {
  readonly #settings: ControlSettings
  readonly #counts: ControlCounts
  /** The scrapes under way, so that several scrapers cost no more than one. */
  readonly #running: Map<MetricsFormat, Promise<Buffer>> = new Map()

  constructor(settings: ControlSettings, counts: ControlCounts) {
    this.#settings = settings
    this.#counts = counts
  }

  /** The numbers of the moment; rows of nodes may be some milliseconds apart. */
  body(format: MetricsFormat = 'text'): Promise<Buffer> {
    const running = this.#running.get(format)
    if (running !== undefined) return running
    const made = this.#assemble(format).finally(() => this.#running.delete(format))
    this.#running.set(format, made)
    return made
  }

  async #assemble(format: MetricsFormat): Promise<Buffer> {
    const { clock } = this.#settings
    const blocks: Buffer[] = []
    let text = ''
    let until = clock.now() + measureLimits.sliceMs
    for (const part of this.#parts(format)) {
      text += part
      if (clock.now() < until) continue
      blocks.push(Buffer.from(text))
      text = ''
      await turn()
      until = clock.now() + measureLimits.sliceMs
    }
    if (format === 'openmetrics') text += '# EOF\n'
    return Buffer.concat([...blocks, Buffer.from(text)])
  }

  /** Pieces of whole lines; each takes far less than a millisecond. */
  *#parts(format: MetricsFormat): Generator<string> {
    const counts = this.#settings.traffic.counts()
    yield* this.#process(format)
    yield* this.#control(format)
    yield* this.#traffic(counts, format)
    yield* this.#requests(format)
    yield* this.#nodes(format)
  }

  *#process(format: MetricsFormat): Generator<string> {
    const { traffic, state } = this.#settings
    const version = packageVersion()
    yield gauge('topspin_build_info', 'Version of this program; always 1.', format, [
      [{ version, node: process.version }, 1],
    ])
    const workers = traffic.workers()
    yield gauge('topspin_workers', 'Worker processes; 0 when there is one process.', format, [
      [{}, workers.length],
    ])
    yield counter('topspin_worker_restarts_total', 'Worker processes replaced.', format, [
      [{}, workers.reduce((sum, { restarts }) => sum + restarts, 0)],
    ])
    const report = state()
    if (report === undefined) return
    yield gauge('topspin_state_ok', '1 unless the state file cannot be written.', format, [
      [{}, report.reason === null ? 1 : 0],
    ])
    yield counter(
      'topspin_state_failures_total',
      'Attempts to read or write the state file that failed.',
      format,
      [[{}, report.failures]],
    )
  }

  *#control(format: MetricsFormat): Generator<string> {
    const { messages, refusals } = this.#counts
    yield counter(
      'topspin_mcmp_messages_total',
      'MCMP messages by method and result (OK, or the Type of the error).',
      format,
      [...messages].flatMap(([method, results]) =>
        [...results].map(([result, times]) => [{ method, result }, times] as const),
      ),
    )
    yield counter(
      'topspin_control_refused_total',
      'Connections and requests that the control listener refused, by reason.',
      format,
      labelled('reason', refusals),
    )
  }

  *#traffic(counts: TrafficCounts, format: MetricsFormat): Generator<string> {
    for (const [name, count, help] of trafficTotals)
      yield counter(name, help, format, [[{}, counts[count]]])
    const by = (name: string, label: string, help: string, map: ReadonlyMap<unknown, number>) =>
      counter(name, help, format, labelled(label, map))
    yield by(
      'topspin_refused_total',
      'status',
      'Requests that the proxy answered itself, by status.',
      counts.refused,
    )
    yield by(
      'topspin_refusals_total',
      'reason',
      'Requests that the proxy answered itself, by reason: the code in the response.',
      counts.refusedFor,
    )
    yield by(
      'topspin_connections_closed_total',
      'reason',
      'Client connections that the proxy closed before a request was complete, by reason.',
      counts.closedFor,
    )
    yield by(
      'topspin_candidacy_failures_total',
      'function',
      'Candidacy functions that threw or gave back no list of candidates, by function.',
      counts.candidacyFailures,
    )
  }

  *#requests(format: MetricsFormat): Generator<string> {
    const rows = [...this.#settings.traffic.requestTimes().rows()].map(
      ({ listener, balancer, context, times }) =>
        [labelsText({ listener, balancer, context }), times] as const,
    )
    yield* classes(
      'topspin_context_requests_total',
      'Requests that have ended, by the hundreds of their status; none: the client was gone before.',
      format,
      rows,
    )
    for (const [name, place, help] of requestTimes)
      yield* histogram(name, help, place, 1_000, format, rows)
    const { attempts } = requestHistograms
    const help = 'Nodes, or connections, that were tried for a request.'
    yield* histogram('topspin_request_attempts', help, attempts, 1, format, rows)
  }

  *#nodes(format: MetricsFormat): Generator<string> {
    const rows = this.#nodeRows()
    const now = this.#settings.clock.now()
    for (const [name, help, read] of nodeTotals) {
      yield headText({ name, type: 'counter', help }, format)
      for (const { labels, live } of rows) yield sampleText(name, labels, read(live))
    }
    for (const [name, help, read] of nodeGauges) {
      yield headText({ name, type: 'gauge', help }, format)
      for (const { labels, live } of rows) {
        const value = read(live, now)
        if (value !== undefined) yield sampleText(name, labels, value)
      }
    }
    const measured = rows.flatMap(({ labels, live: { times } }) =>
      times === undefined ? [] : [[labels, times] as const],
    )
    yield* classes(
      'topspin_node_responses_total',
      'Responses of the node, by the hundreds of their status.',
      format,
      measured,
    )
    for (const [name, place, help] of nodeTimes)
      yield* histogram(name, help, place, 1_000, format, measured)
  }

  #nodeRows(): readonly NodeRow[] {
    const { registry, live } = this.#settings
    const rows: NodeRow[] = []
    for (const node of registry.snapshot.nodes.values()) {
      if (node.removal === 'forgotten' || !isForwardable(node)) continue
      const labels = labelsText({ node: node.route, balancer: node.balancer })
      rows.push({ labels, live: live.of(node.id) })
    }
    return rows
  }
}

type Measured = readonly (readonly [labels: string, times: Times])[]

/** Requests by their status class. A class that a row has not had is left out. */
function* classes(
  name: string,
  help: string,
  format: MetricsFormat,
  rows: Measured,
): Generator<string> {
  yield headText({ name, type: 'counter', help }, format)
  for (const [labels, { values }] of rows)
    for (const [at, status] of statusClasses.entries()) {
      const value = values[at] ?? 0
      if (value > 0) yield sampleText(name, `${labels},status_class="${status}"`, value)
    }
}

function* histogram(
  name: string,
  help: string,
  place: Histogram,
  unit: number,
  format: MetricsFormat,
  rows: Measured,
): Generator<string> {
  yield headText({ name, type: 'histogram', help }, format)
  const lines = new HistogramText(name, place, unit, format)
  for (const [labels, times] of rows) yield lines.text(labels, times)
}

const labelled = (label: string, map: ReadonlyMap<unknown, number>): Samples =>
  [...map].map(([value, times]) => [{ [label]: String(value) }, times] as const)

const counter = (name: string, help: string, format: MetricsFormat, samples: Samples): string =>
  plain('counter', name, help, format, samples)

const gauge = (name: string, help: string, format: MetricsFormat, samples: Samples): string =>
  plain('gauge', name, help, format, samples)

function plain(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  format: MetricsFormat,
  samples: Samples,
): string {
  let text = headText({ name, type, help }, format)
  for (const [labels, value] of samples) text += sampleText(name, labelsText(labels), value)
  return text
}
