// `npm run bench`: what does Topspin cost beside other proxies, on this machine, in one run?
// Everything it starts ends with it, Ctrl-C included. Run through scripts/bench.js.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Case } from './cases/case.ts'
import { cases } from './cases/index.ts'
import { sides } from './sides/index.ts'
import type { Side } from './sides/side.ts'
import { makeCertificate, openssl } from './support/certificate.ts'
import { killAll } from './support/child.ts'
import { compare, type Run } from './support/compare.ts'
import { fetchFrom } from './support/fetch.ts'
import { type Options, readOptions, roundsToSave, usage } from './support/options.ts'
import { startOrigin } from './support/origin.ts'
import { tableOf } from './support/report.ts'
import { saveResults } from './support/results.ts'
import { until } from './support/until.ts'
import { type Verdict, verdictLine, verdictsOf } from './support/verdict.ts'
import { wrk } from './support/wrk.ts'

/** Until the origin must answer, ms. */
const originMs = 10_000

const known = { cases: cases.map((it) => it.name), sides: sides.map((it) => it.name) }
let options: Options
try {
  options = readOptions(process.argv.slice(2), known)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(2)
}
if (options.help) {
  console.log(usage(known.cases, known.sides))
  process.exit(0)
}
if (wrk === undefined) {
  console.error('bench: needs wrk: apt-get install wrk')
  process.exit(1)
}

if (!openssl) {
  console.error('bench: needs openssl: apt-get install openssl')
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'topspin-bench-'))
process.on('exit', () => {
  killAll()
  rmSync(folder, { recursive: true, force: true })
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(code))
}

const found = sides.filter((side) => options.sides.includes(side.name) && isInstalled(side))
const run: Run = {
  origin: await startOrigin(folder),
  folder,
  certificate: makeCertificate(folder),
  rounds: options.rounds,
  seconds: options.seconds,
  say: (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  },
}
if (!(await until(originAnswers, originMs))) {
  console.error(`bench: the origin does not answer: ${run.origin.child.lastWords()}`)
  process.exit(1)
}
console.log(`origin: ${run.origin.name}`)
console.log(`${run.rounds} rounds of ${run.seconds} s, medians\n`)

const verdicts: [Case, readonly Verdict[]][] = []
for (const what of cases.filter((it) => options.only.includes(it.name))) {
  const rows = await compare(what, found, run)
  const judged = verdictsOf(what, rows)
  run.say('')
  console.log(`${tableOf(what, rows)}\n`)
  if (run.rounds >= roundsToSave) saveResults(what, rows, judged, run)
  if (rows.some((row) => row.name === 'topspin' && row.errors.length > 0)) process.exitCode = 1
  verdicts.push([what, judged])
}
for (const [what, judged] of verdicts) {
  console.log([what.name, ...judged.map((it) => `  ${verdictLine(it)}`)].join('\n'))
}
if (run.rounds < roundsToSave) {
  console.log(`\nnot written to bench/results: that takes ${roundsToSave} rounds`)
}
await run.origin.child.stop()
process.exit()

/** Tells how to install what is missing. */
function isInstalled(side: Side): boolean {
  if (side.version !== undefined) return true
  console.log(`${side.name}: not installed (${side.howToInstall})`)
  return false
}

async function originAnswers(): Promise<boolean> {
  if (run.origin.child.ended) return false
  const asked = run.origin.ports.map((port) => fetchFrom(port, { path: '/100b' }))
  const answers = await Promise.all(asked).catch(() => [])
  return answers.length > 0 && answers.every((answer) => answer.status === 200)
}
