// How much memory does a proxy hold with 10,000 clients that keep their connections and do nothing,
// beside 1,000 that are busy?

import { load } from '../support/load.ts'
import { openFilesMax } from '../support/open-files.ts'
import type { Case } from './case.ts'
import { openIdle } from './idle-clients.ts'

const idleClients = 10_000
const busy = { kind: 'get', path: '/100b', connections: 1_000, bodyBytes: 100 } as const
/** The proxy needs one for each client and for each connection to a node. */
const filesNeeded = idleClients + 2 * busy.connections + 200

export const idle: Case = {
  name: 'idle',
  title: '10,000 idle keep-alive clients and 1,000 active, 100-byte responses: resident memory',
  bars: [
    { level: 'must', measure: 'memoryBytes', atMost: 200e6 },
    { level: 'goal', measure: 'memoryBytes', atMost: 120e6 },
  ],
  fresh: true,
  warmUp: async () => {},
  measure: async (target, seconds) => {
    if (openFilesMax < filesNeeded) {
      throw new Error(
        `needs ${filesNeeded} open files, ${openFilesMax} are allowed and the bench cannot raise that: run it after ulimit -n ${filesNeeded}`,
      )
    }
    const clients = await openIdle(target.port, idleClients, busy.path)
    try {
      const figures = await load(target, busy, seconds)
      const lost = idleClients - clients.open()
      return lost === 0
        ? figures
        : { ...figures, errors: [...figures.errors, `${lost} idle clients lost their connection`] }
    } finally {
      clients.close()
    }
  },
}
