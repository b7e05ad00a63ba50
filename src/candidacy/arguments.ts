// Parsers for the numeric arguments of candidacy functions.

import type { Maker, Means, StepParts } from './candidacy.ts'

/**
 * Parser for a plain decimal from `least` to `most`, with at most six decimals and no exponent.
 * @param otherwise the value when there is no argument.
 * @returns a function that returns a Maker, or the problem as text.
 */
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

/** Parser for the number of candidates to draw: a whole number from 2 to 999; all of them without an argument. */
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
