// How much work simulated requests are.

import type { Random } from '../../../src/base/clock.ts'
import type { RequestClass } from './scenario.ts'

export const exponential = (mean: number, random: Random): number => -mean * Math.log(1 - random())

/** Spread of the logarithm: one in a hundred is eleven times the mean. */
const lognormalSigma = 1.5

export function workOf({ workMs, work }: RequestClass, random: Random): () => number {
  switch (work) {
    case 'lognormal':
      return () =>
        workMs * Math.exp(lognormalSigma * normal(random) - (lognormalSigma * lognormalSigma) / 2)
    case 'bimodal':
      return () => workMs * (random() < 0.95 ? 0.5 : 10.5)
    default:
      return () => exponential(workMs, random)
  }
}

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
