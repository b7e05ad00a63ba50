// Peers that announce themselves and serve nothing: `node announcers.js ANNOUNCERS`, started by ../hand-over-added.ts.
// They are busier than whoever hears them, so that nearly all decisions are "here".

import { PeerMembership } from '../../src/peer/membership/membership.ts'

export interface Announcers {
  /** UDP port of 127.0.0.1 that hears them. */
  readonly port: number
  readonly count: number
  readonly key: string
}

/** Nobody speaks at the ports from here on: who announces itself hears nothing, and does not disturb what is measured. */
const firstSilentPort = 33_000

const { port, count, key }: Announcers = JSON.parse(process.argv[2] ?? '{}')
for (let i = 1; i <= count; i++) {
  const options = {
    group: `127.0.0.1:${port}`,
    port: firstSilentPort + i,
    key,
    address: 'http://127.0.0.1:9',
    name: `peer-${i}`,
    resources: () => ({ load: 50, loadHigh: 64, cpuIdle: 0, slotsInUse: 50 }),
  }
  // They announce that they can be asked, and answer nothing.
  new PeerMembership(options, true).announce()
}
// Announcing alone keeps no process alive.
setInterval(() => {}, 60_000)
