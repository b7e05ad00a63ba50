// One case, all proxies: starts them, lets them take turns, and takes the medians.

import { rmSync } from 'node:fs'
import type { Case, Variant } from '../cases/case.ts'
import type { Side } from '../sides/side.ts'
import type { Certificate } from './certificate.ts'
import { checkLog } from './check-log.ts'
import type { Figures } from './load.ts'
import { median } from './median.ts'
import type { Origin } from './origin.ts'
import { startTarget, type Target } from './target.ts'

export interface Row {
  readonly name: string
  readonly version: string
  /** Absent when nothing could be measured; the errors tell why. */
  readonly median: Figures | undefined
  readonly rounds: readonly Figures[]
  /** Each with the round in which it happened. */
  readonly errors: readonly string[]
}

export interface Run {
  readonly origin: Origin
  readonly folder: string
  readonly certificate: Certificate
  readonly rounds: number
  readonly seconds: number
  /** Tells what is going on. */
  readonly say: (text: string) => void
}

/** A proxy takes part in a case. */
interface Entrant {
  readonly name: string
  readonly side: Side
  readonly settings: Omit<Variant, 'name'>
  readonly rounds: Figures[]
  readonly errors: string[]
  target?: Target | undefined
  requests: number
}

/** Compiled code and filled pools: a proxy is measured as it runs after a while. */
const warmUpShare = 0.4

export async function compare(
  what: Case,
  sides: readonly Side[],
  run: Run,
): Promise<readonly Row[]> {
  const able = sides.filter((side) => what.http2 !== true || side.http2 === true)
  const entrants = entrantsOf(what, able)
  try {
    if (what.fresh !== true) for (const entrant of entrants) await start(what, entrant, run)
    for (let round = 1; round <= run.rounds; round++) {
      for (const entrant of entrants) {
        run.say(`${what.name}: round ${round} of ${run.rounds}, ${entrant.name}`)
        if (what.fresh === true) await start(what, entrant, run)
        await measure(what, entrant, run, round)
        if (what.fresh === true) await stop(entrant)
      }
    }
  } finally {
    for (const entrant of entrants) await stop(entrant)
  }
  return entrants.map(rowOf)
}

function entrantsOf(what: Case, sides: readonly Side[]): readonly Entrant[] {
  const { accessLog = false, variants = [], isAlone = false } = what
  const entrant = (side: Side, name: string, settings: Entrant['settings']): Entrant => ({
    name,
    side,
    settings,
    rounds: [],
    errors: [],
    requests: 0,
  })
  const own = sides.filter(({ name }) => name === 'topspin')
  const all = (isAlone ? own : sides).map((side) => entrant(side, side.name, { accessLog }))
  return [
    ...all,
    ...own.flatMap((side) =>
      variants.map(({ name, ...settings }) => entrant(side, name, { accessLog, ...settings })),
    ),
  ]
}

async function start(what: Case, entrant: Entrant, run: Run): Promise<void> {
  const { name, settings, side } = entrant
  try {
    entrant.target = await startTarget(side, run.origin.ports, run.folder, {
      name,
      ...settings,
      accessLog: settings.accessLog === true,
      certificate: run.certificate,
    })
    await what.warmUp(entrant.target, Math.ceil(run.seconds * warmUpShare))
  } catch (error) {
    entrant.errors.push(`start: ${(error as Error).message}`)
    await stop(entrant)
  }
}

async function measure(what: Case, entrant: Entrant, run: Run, round: number): Promise<void> {
  const { target } = entrant
  if (target === undefined) return
  try {
    const figures = await what.measure(target, run.seconds)
    entrant.requests += figures.requests
    entrant.rounds.push(figures)
    entrant.errors.push(...figures.errors.map((error) => `round ${round}: ${error}`))
  } catch (error) {
    entrant.errors.push(`round ${round}: ${(error as Error).message}`)
  }
}

/** Its access log must hold what it served, and is removed: it may be large. */
async function stop(entrant: Entrant): Promise<void> {
  const { target } = entrant
  if (target === undefined) return
  entrant.target = undefined
  await target.child.stop()
  const unseen = target.unwatch()
  if (unseen !== '') entrant.errors.push(unseen)
  if (target.accessLog === undefined) return
  const trouble = await checkLog(target.accessLog, entrant.requests)
  if (trouble !== '') entrant.errors.push(trouble)
  rmSync(target.accessLog, { force: true })
}

function rowOf({ name, side, rounds, errors }: Entrant): Row {
  const version = side.version ?? ''
  if (rounds.length === 0) return { name, version, median: undefined, rounds, errors }
  const middle = (figure: (round: Figures) => number): number => median(rounds.map(figure))
  const each = rounds.flatMap((round) => round.memoryEachBytes ?? [])
  return {
    name,
    version,
    rounds,
    errors,
    median: {
      requests: middle((round) => round.requests),
      requestsPerSecond: middle((round) => round.requestsPerSecond),
      p50Ms: middle((round) => round.p50Ms),
      p99Ms: middle((round) => round.p99Ms),
      cpuMicros: middle((round) => round.cpuMicros),
      memoryBytes: middle((round) => round.memoryBytes),
      ...(each.length === 0 ? {} : { memoryEachBytes: median(each) }),
      errors: [],
    },
  }
}
