// What do the measures of the traffic cost? Nanoseconds for each request, and the time that a scrape of a large cluster
// takes the process away from its other work. `node dist/bench/metrics.js [nodes]`, after a build.

import { performance } from 'node:perf_hooks'
import { systemClock } from '../src/base/clock.ts'
import { newLive, timesOf } from '../src/cluster/live.ts'
import { RequestTimes } from '../src/cluster/request-times.ts'
import { nodeHistograms, requestHistograms } from '../src/cluster/times.ts'
import { ControlCounts } from '../src/control/counts.ts'
import { writeResponse } from '../src/control/page-response.ts'
import { PrometheusText } from '../src/control/prometheus.ts'
import { clusterOf } from '../test/support/cluster-fixture.ts'
import { controlFixture } from '../test/support/control-fixture.ts'

const nodes = Number(process.argv[2] ?? 1_000)
const requests = 3_000_000

/** Processor time of one call, ns: the last of three rounds. */
function costOf(call: (i: number) => void): number {
  let ns = 0
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage().user
    for (let i = 0; i < requests; i++) call(i)
    ns = ((process.cpuUsage().user - before) / requests) * 1_000
  }
  return ns
}

const table = new RequestTimes()
const application = { path: '/a', balancer: { name: 'b' }, measured: [] } as never
const live = newLive()
const without = costOf((i) => {
  live.elected = i
})
const counted = costOf((i) => {
  const ms = (i % 400) / 10
  const times = table.of(application, 0)
  times.count(200)
  times.observe(requestHistograms.attempts, 1)
  times.observe(requestHistograms.duration, ms)
  times.observe(requestHistograms.wait, 0.01)
  times.observe(requestHistograms.firstByte, ms)
  timesOf(live).count(200)
  timesOf(live).observe(nodeHistograms.firstByte, ms)
  timesOf(live).observe(nodeHistograms.duration, ms)
})
const clock = costOf(() => performance.now())
console.log(
  `each request: ${(counted - without).toFixed(0)} ns to count, ${clock.toFixed(0)} ns a clock reading`,
)

const { settings } = controlFixture({ clock: systemClock })
const routes = Array.from({ length: nodes }, (_, i) => ({ route: `node-${i}` }))
settings.registry.restore(clusterOf(routes), 0)
for (const { id } of settings.registry.snapshot.nodes.values()) {
  const times = timesOf(settings.live.of(id))
  for (const histogram of Object.values(nodeHistograms))
    for (let ms = 0.3; ms < 100_000; ms *= 2) times.observe(histogram, ms)
  times.count(200)
}
const text = new PrometheusText(settings, new ControlCounts())
for (let i = 0; i < 5; i++) await text.body()
/** Processor time of this process, ms: other programs on the machine do not count. */
const cpu = (): number => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000

let longest = 0
let last = cpu()
function look(): void {
  const now = cpu()
  longest = Math.max(longest, now - last)
  last = now
  looks = setImmediate(look)
}
let looks = setImmediate(look)
const begin = cpu()
const body = await text.body()
const { length } = writeResponse({ status: 200, contentType: '', body }, true, false)
await new Promise((resolve) => setImmediate(resolve))
const took = cpu() - begin
clearImmediate(looks)
console.log(
  `scrape of ${nodes} nodes: ${took.toFixed(0)} ms of processor time for ${(length / 1e6).toFixed(1)} MB; longest pause of other work ${longest.toFixed(1)} ms`,
)
