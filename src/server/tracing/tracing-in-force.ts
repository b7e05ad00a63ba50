// Tracing in a process that serves traffic; a reload replaces it. Used by in-process.ts and workers/traffic-worker.ts.

import { hostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../base/log.ts'
import { fieldsOf } from '../../config/log-template.ts'
import type { TracingConfig } from '../../config/schema-tracing.ts'
import type { ReverseProxy } from '../../proxy/index.ts'
import { redaction } from '../access/redaction.ts'
import type { PlaneSettings } from '../data-plane.ts'
import { type SpanCounts, TraceExporter } from './trace-exporter.ts'

type Settings = Pick<PlaneSettings, 'tracing' | 'accessLog'>

export class TracingInForce {
  readonly #proxy: Pick<ReverseProxy, 'replaceTracing'>
  readonly #log: Logger
  readonly counts: SpanCounts = { sent: 0, dropped: 0 }
  #settings: Settings | undefined
  #exporter: TraceExporter | undefined

  constructor(proxy: Pick<ReverseProxy, 'replaceTracing'>, log: Logger) {
    this.#proxy = proxy
    this.#log = log
  }

  replace({ tracing, accessLog }: Settings): void {
    const settings = { tracing, accessLog }
    if (isDeepStrictEqual(settings, this.#settings)) return
    this.#settings = settings
    const before = this.#exporter
    const { endpoint } = tracing
    const exporter =
      endpoint === undefined
        ? undefined
        : new TraceExporter(receiverOf(tracing, endpoint), this.#log, this.counts)
    this.#exporter = exporter
    // What the log must not contain, others must not get either.
    const redact = redaction(accessLog, fieldsOf(accessLog.format, accessLog.fields))
    this.#proxy.replaceTracing(
      exporter && {
        sample: tracing.sample,
        continues: tracing.continue,
        report:
          redact === undefined
            ? exporter.add
            : (trace) => exporter.add({ ...trace, entry: redact(trace.entry) }),
      },
    )
    void before?.close()
  }

  /** Sends what is left; resolves at a deadline, too. */
  async close(): Promise<void> {
    await this.#exporter?.close()
  }
}

const receiverOf = ({ headers, service }: TracingConfig, url: string) => ({
  url,
  service,
  headers: Object.fromEntries(headers),
  instance: `${hostname()}-${process.pid}`,
})
