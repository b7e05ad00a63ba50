// The copy of a case for machines: bench/results/<case>.json, with what it was measured on. No host
// names, no paths.

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import type { Case } from '../cases/case.ts'
import type { Row, Run } from './compare.ts'
import { h2load } from './h2load.ts'
import { sources } from './paths.ts'
import type { Verdict } from './verdict.ts'
import { wrk } from './wrk.ts'

export function saveResults(
  what: Case,
  rows: readonly Row[],
  verdicts: readonly Verdict[],
  run: Run,
): void {
  const folder = join(sources, 'results')
  mkdirSync(folder, { recursive: true })
  const content = {
    case: what.name,
    title: what.title,
    date: new Date().toISOString(),
    machine: {
      cores: availableParallelism(),
      processor: cpus()[0]?.model ?? 'unknown',
      memoryBytes: totalmem(),
      kernel: `${type()} ${release()}`,
    },
    programs: {
      node: process.versions.node,
      wrk: wrk?.version,
      h2load: h2load?.version,
      origin: run.origin.name,
      ...Object.fromEntries(rows.map((row) => [row.name, row.version])),
    },
    rounds: run.rounds,
    seconds: run.seconds,
    results: rows,
    verdicts,
  }
  writeFileSync(join(folder, `${what.name}.json`), `${JSON.stringify(content, null, 2)}\n`)
}
