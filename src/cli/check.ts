// `topspin check FILE`: reports all problems of a configuration file, or that it has none.

import { readFileSync } from 'node:fs'
import { loadConfig } from '../config/config.ts'
import { type ConfigProblem, formatProblem, problemsText } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { startProblems } from '../config/start-checks.ts'
import { readTls, tlsNotes } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { loadPolicies } from '../proxy/forms.ts'
import { nodesIn } from '../server/sources/file-source.ts'
import { exitCodes } from './failure.ts'
import { print, printError } from './output.ts'

/** Tries the certificates, the modules of candidacy functions and the files that the file names, too. */
export async function checkFile(file: string): Promise<number> {
  const { problems, notes } = await findingsOf(file)
  for (const note of notes) printError(`warning: ${formatProblem(note)}\n`)
  if (problems.length === 0) {
    print(`${file}: ok\n`)
    return exitCodes.ok
  }
  printError(problemsText(problems))
  return exitCodes.badConfiguration
}

interface Findings {
  readonly problems: readonly ConfigProblem[]
  /** With which the proxy starts. */
  readonly notes: readonly ConfigProblem[]
}

async function findingsOf(file: string): Promise<Findings> {
  const result = loadConfig(file, { environment: {}, flags: [] })
  if (!result.ok) return { problems: result.problems, notes: [] }
  const tls = await readTls(result.config)
  const problems = [...(tls.ok ? [] : tls.problems), ...startProblems(result.config)]
  try {
    await loadPolicies(cascadesIn(result.config))
  } catch (error) {
    problems.push({ place: file, path: '', message: (error as Error).message })
  }
  return {
    problems: [...problems, ...fileProblems(result.config)],
    notes: tls.ok ? tlsNotes(tls.material) : [],
  }
}

/** Lists of nodes that cannot be read; `topspin serve` waits for them. */
function fileProblems({ to }: Config): readonly ConfigProblem[] {
  return to.flatMap(({ source }, index) => {
    if (source?.kind !== 'file') return []
    try {
      nodesIn(readFileSync(source.file, 'utf8'))
      return []
    } catch (error) {
      const message = `${source.file}: ${(error as Error).message}`
      return [{ place: 'configuration', path: `to[${index}].file`, message }]
    }
  })
}
