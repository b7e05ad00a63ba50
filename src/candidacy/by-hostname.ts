// `byHostname PATTERN`: keeps the candidates whose name or host matches the regular expression, anywhere and case
// insensitively. Names come from the network, so patterns with more than polynomial backtracking are refused, and
// results are cached.

import { candidacyLimits } from '../base/limits.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { nameOf } from './figures.ts'

export const byHostname: Kind = {
  name: 'byHostname',
  aliases: [],
  form: 'PATTERN, a regular expression such as (sun|alpha) or ^web-\\d+$',
  read(argument) {
    if (argument === '') return 'the pattern is missing'
    const problem = patternProblem(argument)
    if (problem !== undefined) return problem
    return () => {
      const isNamed = cached(new RegExp(argument, 'i'))
      return {
        apply: (candidates) =>
          candidates.filter(
            (candidate) => isNamed(nameOf(candidate)) || isNamed(hostOf(candidate)),
          ),
      }
    }
  },
}

const hostOf = ({ peer, node }: Candidate): string => peer?.announcement.host ?? node.host

function cached(pattern: RegExp): (name: string) => boolean {
  const known = new Map<string, boolean>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const matches = pattern.test(name.slice(0, candidacyLimits.matchedCharactersMax))
    if (known.size >= candidacyLimits.matchesMax) known.clear()
    known.set(name, matches)
    return matches
  }
}

/**
 * Why a pattern is refused. A pattern is safe when few of its parts repeat, none of them is nested in another, and it has
 * no back-references: its run time is then bounded by a small power of the length of the name.
 */
function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'i')
  } catch (error) {
    return (error as Error).message
  }
  // Replace escapes and classes by one letter each, so that the checks below see only operators.
  const plain = pattern.replace(/\\[1-9k]/g, '\u0001').replace(/\\.|\[(?:\\.|[^\]\\])*\]/g, 'x')
  if (plain.includes('\u0001')) return 'it refers back to a group'
  const quantifiers = plain.match(/[*+]|\?(?![:=!<])|\{\d+(?:,\d*)?\}/g)?.length ?? 0
  if (quantifiers > candidacyLimits.quantifiersMax) {
    return `more than ${candidacyLimits.quantifiersMax} of its parts repeat (*, +, ?, {})`
  }
  if (/\)(?:[*+]|\{\d)/.test(plain)) return 'a group repeats: only single letters and classes may'
  return undefined
}
