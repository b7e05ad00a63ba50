// `addPrediction JOBS`: adds load to the first candidate until its next announcement: JOBS, times the usual speed divided
// by its own. Without it all requests between two announcements would go to the candidate that looked best at the
// first one. Its place is behind the function that orders.

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
