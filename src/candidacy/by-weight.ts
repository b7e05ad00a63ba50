// `byWeight NAME=WEIGHT ...`: a random order in which each candidate is first with a probability proportional to its
// weight. The weight is the one in the argument (1 for candidates that it does not name); without an argument, a peer's
// speed x cores or a node's load factor.

import type { Candidate, Kind, Maker } from './candidacy.ts'
import { nameOf, usualSpeed, weightIn } from './figures.ts'
import { leastFirst } from './order.ts'

export const byWeight: Kind = {
  name: 'byWeight',
  aliases: [],
  form: '[NAME=WEIGHT ...]',
  read(argument) {
    const given = new Map<string, number>()
    for (const part of argument === '' ? [] : argument.split(/\s+/)) {
      const [, name, weight] = /^([^=]+)=(\d{1,6}(?:\.\d{1,3})?)$/.exec(part) ?? []
      if (name === undefined || !(Number(weight) > 0)) return `${part} is not NAME=WEIGHT`
      given.set(name, Number(weight))
    }
    return weighted(given)
  },
}

function weighted(given: ReadonlyMap<string, number>): Maker {
  return ({ random }) => ({
    apply(candidates, _exchange) {
      const usual = usualSpeed(candidates)
      const weight = (candidate: Candidate): number =>
        given.size === 0 ? weightIn(candidate, usual) : (given.get(nameOf(candidate)) ?? 1)
      // Exponential times with these rates: each is the smallest with its share of the weights (Efraimidis, Spirakis).
      const time = (candidate: Candidate): number => -Math.log(1 - random()) / weight(candidate)
      return leastFirst(candidates, time)
    },
  })
}
