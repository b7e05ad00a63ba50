// `byRoom`: keeps the node at which one more request adds the least waiting. Service time and concurrency of a node are
// learnt from the times at which requests begin and end (cluster/room.ts), so it works for any node. A server among peers
// that answer questions keeps itself while it has room; otherwise their answers decide.

import type { Kind } from './candidacy.ts'
import { comparedMax, RoomChoice } from './room-choice.ts'
import { askingPreviewOf, previewOf } from './room-reasons.ts'
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
        chooseDrawn: (candidates, exchange, clock, admits) =>
          choice.chooseDrawn(candidates, clock.now(), exchange, admits),
        preview: (candidates, exchange, clock) => {
          const now = clock.now()
          const { self, inquiry } = exchange
          return inquiry === undefined || self === undefined || !candidates.includes(self)
            ? previewOf(candidates, comparedMax, now)
            : askingPreviewOf(candidates, self, inquiry.usualMs, now)
        },
      }
    }
  },
}
