// `byRoom`: keeps the node at which one more request adds the least waiting. What a request takes at a node and how
// many it works on at once are learnt from when requests begin and end (cluster/room.ts), so it works for any node.

import type { Kind } from './candidacy.ts'
import { lookedMax, RoomChoice } from './room-choice.ts'
import { previewOf } from './room-reasons.ts'

export const byRoom: Kind = {
  name: 'byRoom',
  aliases: [],
  form: '',
  read(argument) {
    if (argument !== '') return 'it takes no argument'
    return ({ random }) => {
      const choice = new RoomChoice(random)
      return {
        apply: (candidates, { self }, clock) =>
          candidates.length < 2 ? candidates : choice.choose(candidates, clock.now(), self).alone,
        preview: (candidates, _exchange, clock) => previewOf(candidates, lookedMax, clock.now()),
      }
    }
  },
}
