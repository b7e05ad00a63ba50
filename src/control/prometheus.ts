// GET /metrics: the live numbers in a text format of Prometheus. They are read during the scrape, so a request pays
// nothing for the text. A long answer is put together in slices, between which other work has its turn.

import { measureLimits, tlsLimits } from '../base/limits.ts'
import { packageVersion } from '../base/package-version.ts'
import { isEjectedAnywhere, type NodeLive } from '../cluster/live.ts'
import { isForwardable } from '../cluster/node.ts'
import { otherValue } from '../cluster/request-times.ts'
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
import type { EngineReport } from './engine-report.ts'
import {
  HistogramText,
  headText,
  labelsText,
  type MetricsFormat,
  sampleText,
} from './metrics-text.ts'
import type { ControlSettings } from './options.ts'
import type { SharingReport } from './sharing.ts'
import type { SourceReport } from './source-report.ts'

type Labels = Readonly<Record<string, string | number>>
/** Values with their labels. */
type Samples = Iterable<readonly [labels: Labels, value: number]>

/** What two samples with the same labels are together. */
type Joined = (one: number, other: number) => number

function sum(one: number, other: number): number {
  return one + other
}

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
  [
    'topspin_http2_streams_refused_total',
    'streamsRefused',
    'Streams of HTTP/2 refused unread because their connection, or this process, had too many.',
  ],
  ['topspin_retries_total', 'retries', 'Requests sent to a node once more.'],
  ['topspin_retries_refused_total', 'retriesRefused', 'Retries that the budget did not allow.'],
  [
    'topspin_ejections_total',
    'ejections',
    'Nodes taken out because they answered nothing but errors.',
  ],
  ['topspin_cut_total', 'cut', "Responses cut because the node's ended too early."],
  ['topspin_compressions_total', 'compressions', 'Responses that rules compressed.'],
  [
    'topspin_compressions_refused_total',
    'compressionsRefused',
    'Responses sent as they are because too many were being compressed.',
  ],
  [
    'topspin_compression_bytes_in_total',
    'uncompressedBytes',
    'Bytes of bodies before their compression.',
  ],
  ['topspin_compression_bytes_out_total', 'compressedBytes', 'Bytes of compressed bodies.'],
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
  ['topspin_trace_spans_total', 'spansSent', 'Spans that the endpoint of tracing has accepted.'],
  [
    'topspin_trace_spans_dropped_total',
    'spansDropped',
    'Spans dropped because the endpoint of tracing was too slow, failed or refused them.',
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
    'topspin_node_ejected',
    '1 while the node is ejected for errors.',
    (live) => (isEjectedAnywhere(live) ? 1 : 0),
  ],
  [
    'topspin_node_up',
    '0 while the node is down or has never been checked.',
    ({ health }) => (health.kind === 'down' || health.kind === 'unchecked' ? 0 : 1),
  ],
]

const clusterGauges: readonly (readonly [
  name: string,
  help: string,
  value: (report: SharingReport) => number | null,
])[] = [
  [
    'topspin_cluster_alone',
    '1 while the store of the shared registry does not answer.',
    ({ mode }) => (mode === 'alone' ? 1 : 0),
  ],
  ['topspin_cluster_proxies', 'Proxies that share the registry.', ({ proxies }) => proxies.length],
  [
    'topspin_cluster_revision',
    'Last change of the store that was seen.',
    ({ revision }) => revision,
  ],
  [
    'topspin_cluster_lag_seconds',
    'From a write of this proxy until it saw it itself.',
    ({ lagMs }) => (lagMs === null ? null : lagMs / 1_000),
  ],
  [
    'topspin_cluster_unwritten',
    'Records that are accepted here and not in the store.',
    ({ unwritten }) => unwritten,
  ],
  [
    'topspin_cluster_bad_records',
    'Records in the store that are not used.',
    ({ badRecords }) => badRecords.length,
  ],
  [
    'topspin_cluster_mass_silence',
    '1 while nodes stay in use because too many stopped reporting at a time.',
    ({ massSilence }) => (massSilence ? 1 : 0),
  ],
]

const engineGauges: readonly (readonly [
  name: string,
  help: string,
  value: (report: EngineReport) => number,
  joined: Joined,
])[] = [
  [
    'topspin_engine_current',
    '1 while the other proxy has the present cluster in force.',
    ({ isCurrent }) => (isCurrent ? 1 : 0),
    Math.min,
  ],
  [
    'topspin_engine_problems',
    'What the other proxy has refused or cannot serve.',
    ({ problems }) => problems.length,
    sum,
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
    const pieces = this.#parts(format)
    const made = this.#settings.slices.text(pieces).finally(() => this.#running.delete(format))
    this.#running.set(format, made)
    return made
  }

  /** Pieces of whole lines; each takes far less than a millisecond. */
  *#parts(format: MetricsFormat): Generator<string> {
    const counts = this.#settings.traffic.counts()
    yield* this.#process(format)
    yield* this.#control(format)
    yield* this.#traffic(counts, format)
    yield* this.#requests(format)
    yield* this.#nodes(format)
    if (format === 'openmetrics') yield '# EOF\n'
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
    yield* this.#certificates(format)
    yield* this.#cluster(format)
    yield* this.#engines(format)
    yield* this.#sources(format)
    const report = state()
    yield gauge(
      'topspin_state_ok',
      '1 unless the state file cannot be written.',
      format,
      report === undefined ? [] : [[{}, report.reason === null ? 1 : 0]],
    )
    yield counter(
      'topspin_state_failures_total',
      'Attempts to read or write the state file that failed.',
      format,
      report === undefined ? [] : [[{}, report.failures]],
    )
  }

  *#engines(format: MetricsFormat): Generator<string> {
    const reports = this.#settings.engines()
    for (const [name, help, read, joined] of engineGauges) {
      const rows = reports.map((report): [Labels, number] => {
        const { engine, name: own, address } = report
        return [{ engine, name: own, address }, read(report)]
      })
      yield gauge(name, help, format, limited(rows, joined))
    }
  }

  *#sources(format: MetricsFormat): Generator<string> {
    const reports = this.#settings.sources()
    const rows = (read: (report: SourceReport) => number, joined: Joined = sum): Samples =>
      limited(
        reports.map((report) => [{ source: report.name }, read(report)]),
        joined,
      )
    yield gauge(
      'topspin_source_up',
      '1 unless the source of fixed nodes cannot be used now; its last list stays in force.',
      format,
      rows(({ reason }) => (reason === null ? 1 : 0), Math.min),
    )
    yield gauge(
      'topspin_source_nodes',
      'Nodes of the last list of the source.',
      format,
      rows(({ nodes }) => nodes ?? 0),
    )
    yield counter(
      'topspin_source_failures_total',
      'Times that the source could not be used.',
      format,
      rows(({ failures }) => failures),
    )
    yield gauge(
      'topspin_source_problems',
      'Entries of the last list that are left out.',
      format,
      rows(({ problems }) => problems.length),
    )
  }

  *#cluster(format: MetricsFormat): Generator<string> {
    const report = this.#settings.sharing?.report()
    for (const [name, help, read] of clusterGauges) {
      const value = report === undefined ? null : read(report)
      yield gauge(name, help, format, value === null ? [] : [[{}, value]])
    }
    yield counter(
      'topspin_cluster_listings_total',
      'Times that the whole shared registry was read.',
      format,
      report === undefined ? [] : [[{}, report.listings]],
    )
  }

  *#certificates(format: MetricsFormat): Generator<string> {
    const reports = this.#settings.certificates()
    const first = reports
      .flatMap(({ notAfter, ...report }) =>
        notAfter === null ? [] : [{ ...report, expires: Date.parse(notAfter) / 1_000 }],
      )
      .sort((a, b) => a.expires - b.expires)
      .slice(0, tlsLimits.shownMax)
    yield gauge(
      'topspin_certificate_expiry_timestamp_seconds',
      `When a certificate expires, seconds since 1970; the ${tlsLimits.shownMax} that expire first.`,
      format,
      limited(
        first.map(({ names, source, key, expires }) => [
          { name: names[0] ?? '', source, key },
          expires,
        ]),
        Math.min,
      ),
    )
    const ordered = reports.filter(({ renewal }) => renewal !== null).slice(0, tlsLimits.shownMax)
    yield gauge(
      'topspin_acme_failures',
      'Orders of a certificate that have failed since the last good one.',
      format,
      limited(
        ordered.map(({ names, renewal }) => [{ name: names[0] ?? '' }, renewal?.failures ?? 0]),
        Math.max,
      ),
    )
  }

  *#control(format: MetricsFormat): Generator<string> {
    const { messages, refusals, cutStreams } = this.#counts
    yield counter(
      'topspin_mcmp_messages_total',
      'MCMP messages by method and result (OK, or the Type of the error).',
      format,
      limited(
        [...messages].flatMap(([method, results]) =>
          [...results].map(([result, times]) => [{ method, result }, times] as const),
        ),
        sum,
      ),
    )
    yield counter(
      'topspin_control_refused_total',
      'Connections and requests that the control listener refused, by reason.',
      format,
      labelled('reason', refusals),
    )
    yield counter(
      'topspin_control_streams_cut_total',
      'Streams of events and requests that the proxy ended: the reader was too slow, or made room for another one.',
      format,
      labelled('reason', cutStreams),
    )
  }

  *#traffic(counts: TrafficCounts, format: MetricsFormat): Generator<string> {
    for (const [name, count, help] of trafficTotals)
      yield counter(name, help, format, [[{}, counts[count]]])
    yield counter(
      'topspin_tls_connections_total',
      'TLS handshakes of clients that have succeeded, by version.',
      format,
      [
        [{ version: 'TLSv1.2' }, counts.connectionsTls12],
        [{ version: 'TLSv1.3' }, counts.connectionsTls13],
      ],
    )
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
  const isFirst = place === requestHistograms.duration
  const lines = new HistogramText(name, place, unit, format, isFirst)
  for (const [labels, times] of rows) yield lines.text(labels, times)
}

const labelled = (label: string, map: ReadonlyMap<unknown, number>): Samples =>
  limited(
    [...map].map(([value, times]) => [{ [label]: String(value) }, times] as const),
    sum,
  )

/**
 * At most so many rows of a metric; further ones are one row, `other`. Rows with the same labels are one: a scraper refuses
 * everything when two have the same. The rows of nodes and requests have limits of their own.
 */
function limited(samples: Samples, joined: Joined): Samples {
  const rows = new Map<string, readonly [Labels, number]>()
  for (const [given, value] of samples) {
    const isBeyond = rows.size >= measureLimits.rowsMax && !rows.has(labelsText(given))
    const labels = isBeyond ? otherOf(given) : given
    const key = labelsText(labels)
    const before = rows.get(key)?.[1]
    rows.set(key, [labels, before === undefined ? value : joined(before, value)])
  }
  return rows.values()
}

const otherOf = (labels: Labels): Labels =>
  Object.fromEntries(Object.keys(labels).map((name) => [name, otherValue]))

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
