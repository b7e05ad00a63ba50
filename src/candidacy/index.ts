// The list of all candidacy functions that a cascade in the configuration can name.

import { active, takesPart } from './active.ts'
import { addPrediction } from './add-prediction.ts'
import { addSelf } from './add-self.ts'
import { byAge } from './by-age.ts'
import { byBusy } from './by-busy.ts'
import { byCost } from './by-cost.ts'
import { byCpu } from './by-cpu.ts'
import { byDelay } from './by-delay.ts'
import { byDomain, isWithoutDomain } from './by-domain.ts'
import { byHostname } from './by-hostname.ts'
import { byInFlight } from './by-in-flight.ts'
import { byLatency } from './by-latency.ts'
import { byLoad } from './by-load.ts'
import { byLoadFactor } from './by-load-factor.ts'
import { byLogWindow } from './by-log-window.ts'
import { byRandom } from './by-random.ts'
import { byRoom } from './by-room.ts'
import { bySession } from './by-session.ts'
import { bySessionId } from './by-session-id.ts'
import { byWeight } from './by-weight.ts'
import { type Kind, plainKind } from './candidacy.ts'
import { usableOrLastResort } from './last-resort.ts'
import { off } from './off.ts'
import { redirectToIp, redirectToName } from './redirect.ts'
import { removeSelf } from './remove-self.ts'
import { isPlainlyUsable } from './usable.ts'
import { usablePreview } from './usable-reasons.ts'

export const kinds: readonly Kind[] = [
  plainKind('usable', usableOrLastResort, {
    preview: (candidates, exchange, clock) =>
      usablePreview(candidates, usableOrLastResort(candidates, exchange, clock), exchange),
    admits: isPlainlyUsable,
  }),
  bySession,
  plainKind('bySessionId', bySessionId),
  plainKind('active', active, { admits: takesPart }),
  plainKind('byDomain', byDomain, { admits: isWithoutDomain }),
  byLoadFactor,
  byAge,
  byHostname,
  byRandom,
  byLogWindow,
  byLoad,
  byBusy,
  byCpu,
  byCost,
  addPrediction,
  byDelay,
  byInFlight,
  byLatency,
  byRoom,
  byWeight,
  addSelf,
  removeSelf,
  redirectToName,
  redirectToIp,
  off,
]

/** Default of peers: the one where one more request adds the least waiting. */
export const peerCascade: readonly string[] = ['byAge 5', 'byRoom']
