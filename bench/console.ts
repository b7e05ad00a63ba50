// What does the web console cost the browser of somebody who keeps it open over a large cluster? Work for an update and
// memory, while the figures of all nodes change each second. `node dist/bench/console.js [nodes] [seconds]`, after a build;
// needs Debian's chromium.

import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { timesOf } from '../src/cluster/live.ts'
import { nodeHistograms } from '../src/cluster/times.ts'
import { ConsolePages } from '../src/console/console-pages.ts'
import { clusterOf, contextOf } from '../test/support/cluster-fixture.ts'
import { controlBench } from '../test/support/control-bench.ts'

const nodes = Number(process.argv[2] ?? 500)
const seconds = Number(process.argv[3] ?? 30)

const { control, port, registry, live } = await controlBench({ consolePages: new ConsolePages() })
const contexts = ['/', '/shop', '/api', '/wiki'].map((path) => contextOf(path))
registry.restore(
  clusterOf(
    Array.from({ length: nodes }, (_, index) => ({
      route: `node-${index}`,
      domain: `d${index % 5}`,
      port: 10_000 + index,
      contexts,
    })),
  ),
  0,
)
const traffic = setInterval(() => {
  for (const { id } of registry.snapshot.nodes.values()) {
    const one = live.of(id)
    one.loadFactor = 50 + Math.floor(Math.random() * 50)
    one.inFlight = Math.floor(Math.random() * 20)
    one.elected += 20
    for (let request = 0; request < 20; request++) {
      timesOf(one).count(200)
      timesOf(one).observe(nodeHistograms.duration, Math.random() * 100)
    }
  }
}, 1_000)

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--js-flags=--expose-gc'],
})
try {
  for (const [width, height] of [
    [1280, 800],
    [360, 780],
  ] as const) {
    const context = await browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    // Processor time: this machine may have other work.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await page.addInitScript(`
      globalThis.longest = 0
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longest = Math.max(longest, duration)
      }).observe({ type: 'longtask' })`)
    await page.goto(`http://127.0.0.1:${port}/console/`)
    await page.getByText('node-0', { exact: true }).waitFor()
    await pause(5_000)
    const begin = await page.evaluate<number>('longest')
    await page.evaluate('longest = 0')
    const before = await metrics(session)
    await pause(seconds * 1_000)
    const after = await metrics(session)
    const longest = await page.evaluate<number>('longest')
    await session.send('HeapProfiler.collectGarbage')
    const { JSHeapUsedSize: heap = 0, Nodes: elements = 0 } = await metrics(session)
    const perSecond = (name: string): string =>
      ((((after[name] ?? 0) - (before[name] ?? 0)) * 1_000) / seconds).toFixed(1)
    console.log(
      `${nodes} nodes, ${nodes * contexts.length} contexts at ${width} px: each second ${perSecond('TaskDuration')} ms of work ` +
        `(${perSecond('ScriptDuration')} script, ${perSecond('LayoutDuration')} layout), longest task ` +
        `${longest === 0 ? 'below 50' : longest.toFixed(0)} ms, at the start ${begin.toFixed(0)} ms; ` +
        `${(heap / 1e6).toFixed(1)} MB of objects, ${elements} DOM nodes`,
    )
    await context.close()
  }
} finally {
  clearInterval(traffic)
  await browser.close()
  await control.close()
}

async function metrics(session: {
  send(method: 'Performance.getMetrics'): Promise<{ metrics: { name: string; value: number }[] }>
}): Promise<Record<string, number>> {
  const { metrics: all } = await session.send('Performance.getMetrics')
  return Object.fromEntries(all.map(({ name, value }) => [name, value]))
}
