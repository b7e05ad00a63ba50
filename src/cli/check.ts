// `topspin check FILE`: says all that is wrong with a configuration file, or that it is good.

import { loadConfig } from '../config/config.ts'
import { readTls } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { loadPolicies } from '../proxy/index.ts'
import { exitCodes } from './exit-codes.ts'
import { tellProblems } from './tell-problems.ts'

/** The modules of candidacy functions that it names are loaded, too. */
export async function checkFile(file: string): Promise<number> {
  const result = loadConfig(file, { environment: {}, flags: [] })
  if (!result.ok) {
    tellProblems(result.problems)
    return exitCodes.badConfiguration
  }
  const tls = readTls(result.config)
  if (!tls.ok) {
    tellProblems(tls.problems)
    return exitCodes.badConfiguration
  }
  try {
    await loadPolicies(cascadesIn(result.config))
  } catch (error) {
    tellProblems([{ place: file, path: '', message: (error as Error).message }])
    return exitCodes.badConfiguration
  }
  process.stdout.write(`${file}: ok\n`)
  return exitCodes.ok
}
