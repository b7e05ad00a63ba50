// What the demo shows: pure text of one moment, and the painter that puts it on a terminal over what
// stood there before (plain ANSI, one write for each frame), or prints a line now and then elsewhere.

import { alignTable } from '../table.ts'
import type { NodeTally } from './tally.ts'

export interface NodeView {
  readonly route: string
  /** What `topspin status` calls it; `away` while the node is not registered. */
  readonly state: string
  /** `ENABLED / /shop`; '' when the node has none. */
  readonly contexts: string
  /** 1..100, more is freer; `undefined` before the first report. */
  readonly loadFactor: number | undefined
  readonly tally: NodeTally
}

export interface DemoView {
  readonly trafficUrl: string
  readonly controlUrl: string
  /** For a browser. */
  readonly consoleUrl: string
  readonly nodes: readonly NodeView[]
  readonly requests: number
  readonly failed: number
  readonly lastFailure: string | undefined
  readonly redeploys: number
  /** What the demo is doing at the moment. */
  readonly doing: string
}

function renderScreen(view: DemoView): string[] {
  const rows = view.nodes.map((node) => [
    node.route,
    node.state,
    node.loadFactor === undefined ? '-' : String(node.loadFactor),
    `${Math.round(node.tally.share * 100)} %`,
    milliseconds(node.tally.p50),
    milliseconds(node.tally.p99),
    String(node.tally.requests),
    node.contexts,
  ])
  const table = alignTable(
    [
      { title: 'node' },
      { title: 'state' },
      { title: 'load factor', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'p50', align: 'right' },
      { title: 'p99', align: 'right' },
      { title: 'requests', align: 'right' },
      { title: 'contexts' },
    ],
    rows,
  )
  return [
    'Topspin demo: three nodes that registered themselves; c is half as strong and redeployed again and again.',
    '',
    `  traffic  ${view.trafficUrl}    (try ${view.trafficUrl}shop)`,
    `  control  ${view.controlUrl}    (topspin status --control ${new URL(view.controlUrl).host})`,
    `  manager  ${view.consoleUrl}mod_cluster-manager    (the same as a page, with switches)`,
    '',
    ...table.map((line) => `  ${line}`),
    '',
    `  requests ${view.requests}   failed ${view.failed}   redeploys ${view.redeploys}   ${view.doing}`,
    ...(view.lastFailure === undefined ? [] : [`  last failure: ${view.lastFailure}`]),
    '',
    'Ctrl-C ends it.',
  ]
}

/** The same in one line, for logs. */
export function renderLine(view: DemoView): string {
  const nodes = view.nodes.map((node) => {
    const { share, p50, p99 } = node.tally
    return `${node.route}=${node.state},load:${node.loadFactor ?? '-'},share:${Math.round(share * 100)}%,p50:${milliseconds(p50)},p99:${milliseconds(p99)}`
  })
  return `requests=${view.requests} failed=${view.failed} redeploys=${view.redeploys} ${nodes.join(' ')}`
}

export interface Painter {
  paint(view: DemoView): void
  /** Leaves the last frame standing and gives the cursor back. */
  end(): void
}

/** `lineEveryMs`: how often a line is printed when the output is no terminal. */
export function createPainter(
  output: NodeJS.WriteStream,
  lineEveryMs: number,
  now: () => number,
): Painter {
  return output.isTTY ? terminalPainter(output) : linePainter(output, lineEveryMs, now)
}

function terminalPainter(output: NodeJS.WriteStream): Painter {
  let painted = 0
  const forget = (): void => {
    output.write('\x1b[2J\x1b[H')
    painted = 0
  }
  output.on('resize', forget)
  output.write('\x1b[?25l')
  return {
    paint(view) {
      const lines = renderScreen(view)
        .slice(0, Math.max(1, output.rows - 1))
        .map((line) => `${line.slice(0, output.columns)}\x1b[K\n`)
      const up = painted > 0 ? `\x1b[${painted}A` : ''
      output.write(`${up}\r${lines.join('')}\x1b[J`)
      painted = lines.length
    },
    end() {
      output.off('resize', forget)
      output.write('\x1b[?25h')
    },
  }
}

function linePainter(output: NodeJS.WriteStream, everyMs: number, now: () => number): Painter {
  let last: number | undefined
  return {
    paint(view) {
      if (last !== undefined && now() - last < everyMs) return
      if (last === undefined) {
        const page = `${view.consoleUrl}mod_cluster-manager`
        output.write(`traffic ${view.trafficUrl} control ${view.controlUrl}\nmanager ${page}\n`)
      }
      last = now()
      output.write(`${renderLine(view)}\n`)
    },
    end() {},
  }
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(1)} ms`
}
