// `byRandom`: a uniformly random order (Fisher-Yates shuffle). In front of a sort it breaks ties; in front of
// `byLogWindow` it makes the window a random sample.

import type { Candidate, Kind } from './candidacy.ts'

export const byRandom: Kind = {
  name: 'byRandom',
  aliases: [],
  form: '',
  read: (argument) => {
    if (argument !== '') return 'it takes no argument'
    return ({ random }) => ({
      apply(candidates) {
        if (candidates.length < 2) return candidates
        const list = candidates.slice()
        for (let i = list.length - 1; i > 0; i--) {
          const other = Math.floor(random() * (i + 1))
          const candidate = list[i] as Candidate
          list[i] = list[other] as Candidate
          list[other] = candidate
        }
        return list
      },
    })
  },
}
