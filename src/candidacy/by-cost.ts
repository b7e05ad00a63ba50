// `byCost`: least marginal cost first; the cost of a resource is exponential in its use (Amir, Awerbuch et al., "An
// opportunity cost approach for job assignment"). The cost of one more request, over load and memory, for n candidates
// and the highest load L seen:
//   n^((load + 1) / L) - n^(load / L)  +  n^(used + 1/64) - n^used
// The form is convex, so a server that is about to swap is avoided even when its processors are idle.

import type { Candidate, Kind, Maker } from './candidacy.ts'
import { coresOf, loadHighOf, loadOf, memoryUsedOf, speedIn, usualSpeed } from './figures.ts'
import { leastFirst } from './order.ts'

/** Assumed share of a server's memory that one request needs. */
const memoryShare = 1 / 64

export const byCost: Kind = {
  name: 'byCost',
  aliases: [],
  form: '[speed] [cores], to divide the load by them',
  read(argument) {
    const words = argument === '' ? [] : argument.split(/\s+/)
    const strange = words.find((word) => word !== 'speed' && word !== 'cores')
    if (strange !== undefined) return `${JSON.stringify(strange)} is neither speed nor cores`
    return costWith(words.includes('speed'), words.includes('cores'))
  },
}

function costWith(bySpeed: boolean, byCores: boolean): Maker {
  return () => ({
    figure: loadOf,
    apply(candidates, _exchange) {
      const count = candidates.length
      if (count < 2) return candidates
      let high = 1
      for (let i = 0; i < count; i++) high = Math.max(high, loadHighOf(candidates[i] as Candidate))
      const usual = bySpeed ? usualSpeed(candidates) : 1
      const log = Math.log(count)
      // Equal for all candidates unless their size counts, so computed once.
      const usualStep = Math.expm1(log / high)
      const memoryStep = Math.expm1(log * memoryShare)
      const cost = (candidate: Candidate): number => {
        const speed = bySpeed ? speedIn(candidate, usual) / usual : 1
        const size = speed * (byCores ? coresOf(candidate) : 1)
        const job = 1 / (size * high)
        const step = size === 1 ? usualStep : Math.expm1(log * job)
        const load = loadOf(candidate) * job
        const used = memoryUsedOf(candidate)
        return Math.exp(log * load) * step + Math.exp(log * used) * memoryStep
      }
      return leastFirst(candidates, cost)
    },
  })
}
