// Parser for cascades: `byAge 6`, `byHostname (sun|alpha)`, `./nearest.js#byRack eu-1`, separated by commas. Used to
// validate a configuration, and to make the cascades from it.

import { candidacyLimits } from '../base/limits.ts'
import { suggest } from '../base/suggest.ts'
import type { Kind, Means, Step } from './candidacy.ts'
import { stepOf } from './candidacy.ts'
import { kinds } from './index.ts'
import { type PolicyName, readPolicyName, userStep } from './policy.ts'
import { cascadeNames, isCascadeName } from './proxy-cascades.ts'

/** Splits a comma-separated cascade, as in an environment variable; commas in brackets belong to an argument. */
export function splitCascade(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at]
    if (letter === '(' || letter === '[' || letter === '{') depth++
    else if (letter === ')' || letter === ']' || letter === '}') depth = Math.max(0, depth - 1)
    else if (letter === undefined || (letter === ',' && depth === 0)) {
      parts.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return parts.filter((part) => part !== '')
}

/** Parses `NAME` or `NAME ARGUMENT`. @returns the step's maker, or an error message. */
export function readStep(text: string): ((means: Means) => Step) | string {
  const trimmed = text.trim()
  if (trimmed.length > candidacyLimits.stepCharactersMax) {
    return `a candidacy function of more than ${candidacyLimits.stepCharactersMax} characters`
  }
  const policy = readPolicyName(trimmed)
  if (typeof policy === 'string') return policy
  if (policy !== undefined) return (means) => userStep(policy, means)
  const space = trimmed.search(/\s/)
  const name = space < 0 ? trimmed : trimmed.slice(0, space)
  const argument = space < 0 ? '' : trimmed.slice(space).trim()
  const kind = kindOf(name)
  if (kind === undefined) return unknown(name)
  const maker = kind.read(argument)
  if (typeof maker === 'string') {
    const form = kind.form === '' ? kind.name : `${kind.name} ${kind.form}`
    return `${kind.name}: ${maker}; write ${form}`
  }
  const stepName = argument === '' ? kind.name : `${kind.name} ${argument}`
  return (means) => stepOf(stepName, maker(means))
}

/** The problem of a cascade as a whole, its functions aside; `undefined` when there is none. */
export function shapeProblem(candidacy: readonly string[]): string | undefined {
  if (candidacy.length === 0) return 'no candidacy function; write off for no balancing'
  if (candidacy.length > candidacyLimits.stepsMax) {
    return `more than ${candidacyLimits.stepsMax} candidacy functions`
  }
  const isOff = (text: string): boolean => kindOf(text.trim())?.name === 'off'
  if (candidacy.length > 1 && candidacy.some(isOff)) return 'off stands alone'
  return undefined
}

/** The problem of a cascade as a whole, or of its first bad function; `undefined` when there is none. */
export function cascadeProblem(candidacy: readonly string[]): string | undefined {
  const problem = shapeProblem(candidacy)
  if (problem !== undefined) return problem
  return candidacy.map(readStep).find((made) => typeof made === 'string')
}

/** The users' functions that a cascade names. */
export function policiesIn(candidacy: readonly string[]): readonly PolicyName[] {
  return candidacy.flatMap((text) => {
    const policy = readPolicyName(text.trim())
    return policy === undefined || typeof policy === 'string' ? [] : [policy]
  })
}

function kindOf(name: string): Kind | undefined {
  return byName.get(name.toLowerCase())
}

const byName: ReadonlyMap<string, Kind> = new Map(
  kinds.flatMap((kind) =>
    [kind.name, ...kind.aliases].map((name) => [name.toLowerCase(), kind] as const),
  ),
)

function unknown(name: string): string {
  if (isCascadeName(name)) return `${name} is a whole cascade of the proxy and stands alone`
  const known = kinds.map((kind) => kind.name)
  const nearest = suggest(name, [
    ...known,
    ...kinds.flatMap((kind) => kind.aliases),
    ...cascadeNames,
  ])
  const all = `there are ${known.join(', ')}; and for the proxy, alone, ${cascadeNames.join(' or ')}`
  const hint = nearest === undefined ? all : `did you mean ${nearest}?`
  return `no candidacy function called ${name}; ${hint}`
}
