// Who receives the facts of each request of a process that serves traffic: the access log, which a reload replaces, and
// operators who follow requests, and the program that embeds the proxy. Used by in-process.ts and workers/traffic-worker.ts.

import type { Random } from '../../base/clock.ts'
import { fieldsOf } from '../../config/log-template.ts'
import type { AccessLogConfig } from '../../config/schema-access-log.ts'
import type { RequestFilter } from '../../control/requests/request-filter.ts'
import type { AccessEntry, ReverseProxy } from '../../proxy/index.ts'
import { entryFilter } from './entry-filter.ts'
import { lineWriter } from './line-writer.ts'
import type { AccessLog } from './log.ts'
import { redaction } from './redaction.ts'
import { type Report, RequestTail } from './request-tail.ts'

type Write = (entry: AccessEntry) => void

export class AccessLogInForce {
  readonly #proxy: Pick<ReverseProxy, 'replaceAccessLog'>
  readonly #open: (destination: string) => AccessLog | Promise<AccessLog>
  readonly #listener: Write | undefined
  readonly #random: Random
  #destination = 'off'
  #log: AccessLog | undefined
  #fields: readonly string[] = []
  #fits: ReturnType<typeof entryFilter>
  #redact: ReturnType<typeof redaction>
  #tail: RequestTail | undefined

  /**
   * @param open opens a file or `stdout`.
   * @param listener of the program that embeds the proxy.
   */
  constructor(
    proxy: Pick<ReverseProxy, 'replaceAccessLog'>,
    open: (destination: string) => AccessLog | Promise<AccessLog>,
    listener?: Write,
    random: Random = Math.random,
  ) {
    this.#proxy = proxy
    this.#open = open
    this.#listener = listener
    this.#random = random
  }

  /** Rejects when the destination cannot be opened; then nothing changes. */
  async replace(config: AccessLogConfig): Promise<void> {
    const { to } = config
    const before = this.#log
    const isSame = to === this.#destination
    const next = isSame ? before : to === 'off' ? undefined : await this.#open(to)
    const fields = next === undefined ? [] : fieldsOf(config.format, config.fields)
    next?.useFormat(lineWriter(config, fields))
    this.#destination = to
    this.#log = next
    this.#fields = fields
    this.#fits = entryFilter(config, this.#random)
    this.#redact = redaction(config, fields)
    this.#install()
    if (!isSame) await before?.close()
  }

  /** @param filters of all who follow; empty: nobody. Replaces those before. */
  follow(filters: readonly RequestFilter[], report: Report): void {
    this.#tail?.close()
    this.#tail = filters.length === 0 ? undefined : new RequestTail(filters, report)
    this.#install()
  }

  /** Where nobody receives them, the traffic does not collect them. */
  #install(): void {
    const receive = bothOf(bothOf(this.#logWrite(), this.#tail?.add), this.#listener)
    this.#proxy.replaceAccessLog(receive && redacted(receive, this.#redact), this.#fields)
  }

  #logWrite(): Write | undefined {
    const log = this.#log
    const fits = this.#fits
    if (log === undefined) return undefined
    if (fits === undefined) return (entry) => log.write(entry)
    return (entry) => {
      if (fits(entry)) log.write(entry)
    }
  }

  /** Opens a file again by its name. */
  reopen(): void {
    void this.#log?.reopen()
  }

  /** Writes the remaining lines; resolves at a deadline, too. */
  async close(): Promise<void> {
    this.#tail?.close()
    await this.#log?.close()
  }
}

function bothOf(one: Write | undefined, other: Write | undefined): Write | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return (entry) => {
    one(entry)
    other(entry)
  }
}

const redacted = (write: Write, redact: ReturnType<typeof redaction>): Write =>
  redact === undefined ? write : (entry) => write(redact(entry))
