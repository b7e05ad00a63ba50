// `byRoom`: keeps the node at which one more request adds the least waiting. What a request takes at a node and how
// many it works on at once are learnt from when requests begin and end (cluster/room.ts), so it works for any node. A
// server among peers that can be asked keeps itself while it has room; else it leaves the choice to their answers.

import type { Kind } from './candidacy.ts'
import { lookedMax, RoomChoice } from './room-choice.ts'
import { previewOf } from './room-reasons.ts'
import { hasRoom } from './room-report.ts'

export const byRoom: Kind = {
  name: 'byRoom',
  aliases: [],
  form: '',
  read(argument) {
    if (argument !== '') return 'it takes no argument'
    return ({ random }) => {
      const choice = new RoomChoice(random)
      return {
        apply: (candidates, exchange, clock) => {
          if (candidates.length < 2) return candidates
          const now = clock.now()
          const { self, inquiry } = exchange
          if (inquiry === undefined || self === undefined || !candidates.includes(self)) {
            return choice.choose(candidates, now, self).alone
          }
          if (!hasRoom(self.live.room, inquiry.usualMs, now)) inquiry.among = candidates
          return self.alone
        },
        preview: (candidates, _exchange, clock) => previewOf(candidates, lookedMax, clock.now()),
      }
    }
  },
}
