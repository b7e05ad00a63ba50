// The cascades of the front proxy, made from the settings at the start and at each reload.

import type { Random } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import { Cascades } from '../../candidacy/cascades.ts'
import { failureLog } from '../../candidacy/failure-log.ts'
import { expandCascade } from '../../candidacy/proxy-cascades.ts'
import { type Counters, countCandidacyFailure } from '../../cluster/traffic-counts.ts'
import type { ProxySettings } from '../shared/settings.ts'

interface Given {
  readonly random: Random
  readonly policies: ReadonlyMap<string, UserCandidacy>
  readonly counters: Counters
  readonly log: Logger
}

/** @throws RangeError for a function that does not exist, a bad argument, or a module that was not loaded. */
export function makeCascades(
  { candidacy, balance }: Pick<ProxySettings, 'candidacy' | 'balance'>,
  { random, policies, counters, log }: Given,
): Cascades {
  const entries = [{ path: '/', candidacy }, ...balance].map((entry) => ({
    path: entry.path,
    candidacy: withUsable(expandCascade(entry.candidacy)),
  }))
  const onFailure = failureLog(log, (name) => countCandidacyFailure(counters, name))
  return new Cascades(entries, { random, policies, routeKeys: [] }, onFailure)
}

/** Prepends `usable` unless the cascade names it: nodes that are down or stopped are never chosen by default. */
function withUsable(candidacy: readonly string[]): readonly string[] {
  const names = (text: string): boolean => /^(?:usable|off|backhand_off)$/i.test(text.trim())
  return candidacy.some(names) ? candidacy : ['usable', ...candidacy]
}
