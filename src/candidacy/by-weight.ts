// `byWeight NAME=WEIGHT ...`: a random order in which each comes first in proportion to its weight: what
// the argument gives it, else a peer's speed x cores, a node's load factor.

import type { Candidate, Kind, Maker } from './candidacy.ts'
import { nameOf, weightOf } from './figures.ts'
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
  const figure = (candidate: Candidate): number =>
    given.get(nameOf(candidate)) ?? (given.size > 0 ? 1 : weightOf(candidate))
  return ({ random }) => ({
    figure,
    // Exponential times with these rates: the first to come is each with its share (Efraimidis, Spirakis).
    apply: (candidates, _exchange, clock) =>
      leastFirst(candidates, (candidate) => -Math.log(1 - random()) / figure(candidate), clock),
  })
}
