// What does a client cost that makes a new connection for each request?

import { type Case, cpuBar } from './case.ts'
import { driven } from './driven.ts'

export const newConnections: Case = driven(
  {
    name: 'new-connections',
    title: 'a new client connection for each request (Connection: close), 100 bytes, 64 at a time',
    bars: [
      cpuBar('must', 4, 'nginx'),
      cpuBar('must', 1 / 3, 'http-proxy'),
      cpuBar('goal', 2.5, 'nginx'),
    ],
  },
  'close',
  '/100b',
)
