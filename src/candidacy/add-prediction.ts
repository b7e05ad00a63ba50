// `addPrediction JOBS`: the first of the list counts as more loaded, until it tells its figures again: by
// one job, the more the slower it is beside the others. So requests between two announcements do not all
// go to the one that was best at the first of them. To stand behind the function that orders.

import { readNumber } from './arguments.ts'
import type { Kind } from './candidacy.ts'
import { speedIn, usualSpeed } from './figures.ts'
import { predict } from './prediction.ts'

export const addPrediction: Kind = {
  name: 'addPrediction',
  aliases: [],
  form: '[JOBS], 1 by default',
  read: readNumber(0.000_001, 1_000, 1, (jobs) => ({
    annotates: true,
    apply(candidates) {
      const [first] = candidates
      if (first === undefined) return candidates
      const usual = usualSpeed(candidates)
      predict(first, (jobs * usual) / speedIn(first, usual))
      return candidates
    },
  })),
}
