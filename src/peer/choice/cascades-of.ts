// The cascades of a server among its peers, from its options.

import { TopspinError } from '../../base/errors.ts'
import { silent } from '../../base/log.ts'
import { stderrLog } from '../../base/stderr-log.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import { type CascadeEntry, Cascades } from '../../candidacy/cascades.ts'
import { failureLog } from '../../candidacy/failure-log.ts'
import { cascadeProblem, splitCascade } from '../../candidacy/read.ts'
import { loadPolicies } from '../../forward/index.ts'
import { type PeersOptions, peerDefaults } from '../options.ts'

type CascadeOptions = Pick<PeersOptions, 'candidacy' | 'balance' | 'policies' | 'random' | 'log'>

/**
 * @param routeKeys keys of signed routes (candidacy/by-session.ts).
 * @param failures gets the failures of each function.
 * @throws TopspinError BAD_OPTION that names every bad function and path.
 */
export function cascadesOf(
  options: CascadeOptions,
  routeKeys: readonly Buffer[],
  failures: Map<string, number>,
): Cascades {
  const { random = Math.random, policies = new Map(), log = stderrLog } = options
  const entries = entriesOf(options)
  const onFailure = failureLog(log === false ? silent : log, (name) => {
    const count = (failures.get(name) ?? 0) + 1
    failures.set(name, count)
    return count
  })
  try {
    return new Cascades(entries, { random, policies, routeKeys }, onFailure)
  } catch (error) {
    throw badOption((error as Error).message, error)
  }
}

/**
 * The user's functions that the cascades name: those of the options, else loaded from their files.
 * @throws TopspinError when a module cannot be loaded.
 */
export async function policiesOf(
  options: CascadeOptions,
): Promise<ReadonlyMap<string, UserCandidacy>> {
  return options.policies ?? (await loadPolicies(entriesOf(options)))
}

function entriesOf({ candidacy, balance = [] }: CascadeOptions): readonly CascadeEntry[] {
  const given = [{ path: '/', candidacy: candidacy ?? peerDefaults.candidacy }, ...balance]
  const entries = given.map((entry) => ({
    path: entry.path,
    candidacy:
      typeof entry.candidacy === 'string' ? splitCascade(entry.candidacy) : entry.candidacy,
  }))
  const problems = entries.flatMap(({ path, candidacy: list }) => {
    const problem = path.startsWith('/') ? cascadeProblem(list) : 'a path begins with a slash'
    return problem === undefined ? [] : [`candidacy for ${path}: ${problem}`]
  })
  if (problems.length > 0) throw badOption(problems.join('; '))
  return entries
}

const badOption = (message: string, cause?: unknown): TopspinError =>
  new TopspinError('BAD_OPTION', message, { side: 'proxy', phase: 'control', cause })
