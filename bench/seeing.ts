// What do logs, request ids and traces add to a request? Processor time of their parts in this process, ns: other programs on
// the machine do not count. `node dist/bench/seeing.js`, after a build. The measures themselves: metrics.ts.

import { randomUUID } from 'node:crypto'
import { Tracing } from '../src/forward/index.ts'
import { idOf } from '../src/forward/shared/request-id.ts'
import type { TraceReport } from '../src/proxy/index.ts'
import { entryFilter } from '../src/server/access/entry-filter.ts'
import { jsonLine } from '../src/server/access/json-line.ts'
import { redaction } from '../src/server/access/redaction.ts'
import { templateLine } from '../src/server/access/template-line.ts'
import { otlpJson } from '../src/server/tracing/otlp.ts'
import { Out } from '../src/wire/http/out.ts'
import { RequestHead } from '../src/wire/http/request-head.ts'
import { accessEntry } from '../test/support/access-entry.ts'

const calls = 200_000

/** The least of five rounds. */
function costOf(call: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) call()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, ((user + system) / calls) * 1_000)
  }
  return least
}

const out = new Out(262_144)
const writes = (line: (entry: typeof entry0, out: Out) => void) => () => {
  line(entry0, out)
  if (out.length > 131_072) out.clear()
}
const entry0 = accessEntry({
  target: '/shop?item=1&token=abc',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  fields: ['http://shop.test/?a=1'],
})
const hide = redaction({ redact: ['query'], client: 'network' }, ['referer'])
const fits = entryFilter({ status: ['5xx'], slowerThan: 1_000 }, Math.random)

const head = new RequestHead()
const bytes = Buffer.from(
  'GET / HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n',
)
head.parse(bytes, 0, bytes.length)
const { fields } = head

const traces: TraceReport[] = []
const receiver = { service: 'topspin', instance: 'bench' }
/** What a traced request does, with its share of the message. */
const traced = (tracing: Tracing) => () => {
  const trace = tracing.begin(fields, false)
  void trace.parentForNode
  if (!trace.isSampled) return
  trace.beginAttempt({ route: 'a', host: '127.0.0.1', port: 81, type: 'http', beganMs: 0.1 })
  trace.endAttempt(2, 200)
  trace.end(entry0)
  if (traces.length < 256) return
  otlpJson(traces, receiver)
  traces.length = 0
}
const tracing = (sample: number): Tracing =>
  new Tracing({ sample, continues: 'all', report: (trace) => void traces.push(trace) })

const parts: readonly (readonly [name: string, call: () => void])[] = [
  ['access log, JSON', writes(jsonLine([]))],
  ['access log, combined', writes(templateLine('combined', ['referer']))],
  ['a line that a filter leaves out', () => void fits?.(entry0)],
  ['redaction of query and address', () => void hide?.(entry0)],
  ['request id', () => void idOf(head, { trusted: false }, randomUUID)],
  ['tracing, 1 %', traced(tracing(0.01))],
  ['tracing, 100 %', traced(tracing(1))],
]
for (const [name, call] of parts)
  console.log(`${name.padEnd(32)} ${(costOf(call) / 1_000).toFixed(2)} µs`)
