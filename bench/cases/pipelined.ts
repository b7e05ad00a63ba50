// What does a request cost when 16 of them come at once on one connection?

import { type Case, cpuBar } from './case.ts'
import { driven } from './driven.ts'

export const pipelined: Case = driven(
  {
    name: 'pipelined',
    title: '16 pipelined requests, 100-byte responses, 64 connections',
    bars: [cpuBar('must', 1.25, 'nginx'), cpuBar('goal', 1, 'nginx')],
  },
  'pipelined',
  '/100b',
)
