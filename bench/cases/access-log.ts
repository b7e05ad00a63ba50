// What does one line of JSON for each request, written to a file, add to its cost?

import { type Case, cpuBar, withoutLog } from './case.ts'
import { driven } from './driven.ts'

export const accessLog: Case = driven(
  {
    name: 'access-log',
    title: '100-byte response, keep-alive, 64 connections, JSON access log to a file',
    bars: [cpuBar('must', 1.2, withoutLog)],
    accessLog: true,
    variants: [{ name: withoutLog, accessLog: false }],
  },
  'get',
  '/100b',
)
