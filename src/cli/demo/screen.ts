// The output of the demo: the text of one frame, and the painter that repaints it in place on a terminal (plain ANSI,
// one write for each frame), or prints a line now and then where the output is not a terminal.

import { fittedTable } from '../table.ts'
import type { NodeTally } from './tally.ts'

export interface DemoNode {
  readonly route: string
  /** As in `topspin status`; `away` while the node is not registered. */
  readonly state: string
  /** `ENABLED / /shop`; '' when the node has none. */
  readonly contexts: string
  /** 1..100, more is freer; undefined before the first report. */
  readonly loadFactor: number | undefined
  readonly tally: NodeTally
}

export interface DemoView {
  readonly trafficUrl: string
  readonly controlUrl: string
  /** Of the address for browsers. */
  readonly consoleUrl: string
  readonly nodes: readonly DemoNode[]
  readonly requests: number
  readonly failed: number
  readonly lastFailure: string | undefined
  readonly redeploys: number
  /** The step of the redeploy under way, else ''. */
  readonly doing: string
}

/** @param width of the terminal. */
function renderScreen(view: DemoView, width: number): string[] {
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
  const { lines: table } = fittedTable(
    [
      { title: 'node' },
      { title: 'state' },
      { title: 'load factor', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'p50', align: 'right' },
      { title: 'p99', align: 'right' },
      { title: 'requests', align: 'right', rank: 1 },
      { title: 'contexts' },
    ],
    rows,
    width - 2,
  )
  return [
    'Topspin demo: three nodes that register themselves. c has half the capacity and',
    'is redeployed over and over.',
    '',
    `  traffic  ${view.trafficUrl}shop`,
    `  control  topspin status --control ${new URL(view.controlUrl).host}`,
    `  console  ${view.consoleUrl}console/  (in a browser)`,
    '',
    ...table.map((line) => `  ${line}`),
    '',
    `  requests ${view.requests}   failed ${view.failed}   redeploys ${view.redeploys}   ${view.doing}`,
    ...(view.lastFailure === undefined ? [] : [`  last failure: ${view.lastFailure}`]),
    '',
    'Ctrl-C ends the demo.',
  ]
}

/** One frame in one line, for logs. */
export function renderLine(view: DemoView): string {
  const nodes = view.nodes.map((node) => {
    const { share, p50, p99 } = node.tally
    return `${node.route}=${node.state},load:${node.loadFactor ?? '-'},share:${Math.round(share * 100)}%,p50:${milliseconds(p50)},p99:${milliseconds(p99)}`
  })
  return `requests=${view.requests} failed=${view.failed} redeploys=${view.redeploys} ${nodes.join(' ')}`
}

interface Painter {
  paint(view: DemoView): void
  /** Leaves the last frame on the screen and shows the cursor again. */
  end(): void
}

/** @param lineEveryMs time between two lines where the output is not a terminal. */
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
      const lines = renderScreen(view, output.columns)
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
        const page = `${view.consoleUrl}console/`
        output.write(`traffic ${view.trafficUrl} control ${view.controlUrl}\nconsole ${page}\n`)
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
