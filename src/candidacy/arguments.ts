// Numbers as arguments of candidacy functions.

import type { Maker, Means, StepParts } from './candidacy.ts'

/** Reads a plain decimal from `least` to `most`, or takes `otherwise` for ''. */
export function readNumber(
  least: number,
  most: number,
  otherwise: number,
  make: (value: number, means: Means) => StepParts,
): (argument: string) => Maker | string {
  return (argument) => {
    const value = argument === '' ? otherwise : Number(argument)
    const isPlain = argument === '' || /^\d{1,9}(?:\.\d{1,6})?$/.test(argument)
    if (!isPlain || value < least || value > most) {
      return `${JSON.stringify(argument)} is not a number from ${least} to ${most}`
    }
    return (means) => make(value, means)
  }
}

/** Reads how many candidates are drawn: a whole number from 2, or '' for all. */
export function readChoices(
  make: (choices: number, means: Means) => StepParts,
): (argument: string) => Maker | string {
  return (argument) => {
    if (argument !== '' && !/^(?:[2-9]|[1-9]\d{1,2})$/.test(argument)) {
      return `${JSON.stringify(argument)} is not a whole number from 2 to 999`
    }
    const choices = argument === '' ? Number.POSITIVE_INFINITY : Number(argument)
    return (means) => make(choices, means)
  }
}
