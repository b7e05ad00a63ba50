// `node dist/bench/balancing-pictures.js`: the pictures of docs/balancing.md, docs/images/balancing-*.svg. Each shows the
// share of the requests that one node gets over the time of a simulation, by the product's own decisions and by least
// connections, and prints the 99th percentiles beside them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leastConnections } from '../test/sim/balance/least-connections.ts'
import type { Outcome } from '../test/sim/balance/outcome.ts'
import { productRule } from '../test/sim/balance/product-rule.ts'
import type { RuleMaker } from '../test/sim/balance/rule.ts'
import { scenarios } from '../test/sim/balance/scenarios.ts'
import { simulate } from '../test/sim/balance/simulation.ts'

const seed = 2_001
const windows = 60

interface Line {
  readonly name: string
  readonly colour: string
  readonly rule: RuleMaker
}

const lines: readonly Line[] = [
  { name: 'least connections', colour: '#b3541e', rule: leastConnections },
  { name: 'auto', colour: '#1f6f5c', rule: productRule('byRoom') },
]

/** The file, the begin of the scenario's name, the node that the picture is about, and a title. */
const pictures: readonly (readonly [
  file: string,
  scenario: string,
  node: number,
  title: string,
])[] = [
  ['slow-node', 'a2', 4, 'Share of the requests of the slow node'],
  ['newcomer', 'e2', 1, 'Share of the requests of a node that restarts and is slow at first'],
  ['failing-node', 'g1', 1, 'Share of the requests of the failing node'],
  ['long-polls', 'n1', 0, 'Share of the requests of the slow node, with long polls'],
]

const folder = join('docs', 'images')
mkdirSync(folder, { recursive: true })
for (const [file, name, node, title] of pictures) {
  const scenario = scenarios.find((one) => one.name.startsWith(`${name} `))
  if (scenario === undefined) throw new RangeError(`no scenario ${name}`)
  const outcomes = lines.map(({ rule }) => simulate(scenario, rule, seed))
  const curves = outcomes.map((outcome) => sharesOf(outcome, node))
  const seconds = (outcomes[0]?.sentAt.at(-1) ?? 0) / 1_000
  writeFileSync(join(folder, `balancing-${file}.svg`), picture(title, curves, seconds))
  const figures = outcomes.map(
    (outcome, at) =>
      `${lines[at]?.name}: mean ${outcome.mean.toFixed(0)} ms, p99 ${outcome.quantile(0.99).toFixed(0)} ms, ` +
      `errors ${(100 * outcome.errors).toFixed(2)} %`,
  )
  console.log(`${file.padEnd(14)} ${scenario.name}: ${figures.join('; ')}`)
}

function sharesOf(outcome: Outcome, node: number): readonly number[] {
  const end = outcome.sentAt.at(-1) ?? 0
  const at = (window: number): number => (end * window) / windows
  return Array.from({ length: windows }, (_, window) =>
    outcome.shareOf(node, at(window), at(window + 1)),
  )
}

/** 640 x 240, readable on light and on dark pages. */
function picture(title: string, curves: readonly (readonly number[])[], seconds: number): string {
  const [left, right, top, bottom] = [48, 16, 34, 34]
  const [width, height] = [640, 240]
  const most = Math.ceil(10 * Math.max(...curves.flat())) / 10
  const x = (window: number): number => left + (window / (windows - 1)) * (width - left - right)
  const y = (share: number): number => top + (1 - share / most) * (height - top - bottom)
  const text = (at: readonly [number, number], anchor: string, words: string, colour: string) =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}" fill="${colour}">${words}</text>`
  const grid = [0, most / 2, most].map(
    (share) =>
      `<path d="M${left} ${y(share)}H${width - right}" stroke="#ccc"/>` +
      text([left - 6, y(share) + 4], 'end', `${Math.round(100 * share)} %`, '#555'),
  )
  const drawn = curves.map((curve, index) => {
    const path = curve.map((share, at) => `${x(at).toFixed(1)} ${y(share).toFixed(1)}`).join('L')
    return `<path d="M${path}" fill="none" stroke="${lines[index]?.colour}" stroke-width="2"/>`
  })
  const legend = lines.map(({ name, colour }, index) =>
    text([width - right, 14 + 15 * index], 'end', name, colour),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text([left, 18], 'start', title, '#222'),
    ...legend,
    ...grid,
    text([left, height - 12], 'start', '0 s', '#555'),
    text([width - right, height - 12], 'end', `${seconds.toFixed(0)} s`, '#555'),
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}
