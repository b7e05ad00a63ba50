// What does it add to a request that an operator can see it? One table: nobody looks, metrics scraped and a console open, an
// access log, traces of one request in a hundred, traces of all.

import type { Case } from './case.ts'
import { driven } from './driven.ts'

export const seeing: Case = driven(
  {
    name: 'seeing',
    title:
      '100-byte response, keep-alive, 64 connections: nobody looks; scraped and watched; JSON access log; traces of 1 % and of all',
    bars: [],
    variants: [
      { name: 'topspin-watched', isWatched: true },
      { name: 'topspin-log', accessLog: true },
      { name: 'topspin-traced-1%', traced: 0.01 },
      { name: 'topspin-traced-all', traced: 1 },
    ],
    isAlone: true,
  },
  'get',
  '/100b',
)
