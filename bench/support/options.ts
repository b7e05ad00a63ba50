// The command line of the bench.

import { parseArgs } from 'node:util'

export interface Options {
  readonly rounds: number
  readonly seconds: number
  /** Names of cases and sides; all of them when absent. */
  readonly only: readonly string[]
  readonly sides: readonly string[]
  readonly help: boolean
}

const standard = { rounds: 5, seconds: 5 }
const quick = { rounds: 1, seconds: 1 }

/** @throws Error that tells the user what is wrong. */
export function readOptions(
  args: readonly string[],
  known: { cases: readonly string[]; sides: readonly string[] },
): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true },
      with: { type: 'string', multiple: true },
      quick: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const base = values.quick === true ? quick : standard
  return {
    rounds: wholeNumber('--rounds', values.rounds) ?? base.rounds,
    seconds: wholeNumber('--seconds', values.seconds) ?? base.seconds,
    only: names('--only', values.only, known.cases),
    // Without Topspin there is nothing to compare with.
    sides: [
      'topspin',
      ...names('--with', values.with, known.sides).filter((name) => name !== 'topspin'),
    ],
    help: values.help === true,
  }
}

export function usage(cases: readonly string[], sides: readonly string[]): string {
  return `npm run bench -- [options]

Measures Topspin and every other proxy found on this machine, in alternating rounds.
With no options that takes about 45 minutes; leave the machine alone meanwhile.

  --rounds N       rounds of each case, default ${standard.rounds}; medians are shown
  --seconds N      length of a round, default ${standard.seconds}
  --only CASE,...  ${cases.join(', ')}
  --with NAME,...  ${sides.join(', ')}; topspin is always there
  --quick          one round of one second: does it work at all?

Results of ${standard.rounds} rounds or more are also written to bench/results/<case>.json.`
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Error(`${flag} ${text}: write a number from 1 to 9999`)
  return Number(text)
}

function names(
  flag: string,
  given: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] {
  const found = given?.flatMap((text) => text.split(',')) ?? known
  for (const name of found) {
    if (!known.includes(name)) throw new Error(`${flag} ${name}: known are ${known.join(', ')}`)
  }
  return found
}

/** Fewer rounds are a look, not a measurement: nothing is written. */
export const roundsToSave: number = standard.rounds
