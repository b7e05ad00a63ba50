// What does an answer of 100 bytes, 10 KB, 64 KB and 1 MB cost on connections that are kept?

import { type Case, cpuBar } from './case.ts'
import { driven } from './driven.ts'

export const responseSizes: readonly Case[] = [
  driven(
    {
      name: 'get-100b',
      title: '100-byte response, keep-alive, 64 connections',
      bars: [
        cpuBar('must', 1.25, 'haproxy'),
        cpuBar('must', 1 / 5, 'http-proxy'),
        cpuBar('goal', 1, 'haproxy'),
        cpuBar('goal', 1, 'nginx'),
      ],
    },
    'get',
    '/100b',
  ),
  driven(
    {
      name: 'get-10k',
      title: '10 KB response, keep-alive, 64 connections',
      bars: [cpuBar('must', 1.25, 'haproxy'), cpuBar('goal', 1, 'haproxy')],
    },
    'get',
    '/10k',
  ),
  driven(
    {
      name: 'get-64k',
      title: '64 KB response, keep-alive, 64 connections',
      bars: [
        cpuBar('must', 1.25, 'nginx'),
        cpuBar('goal', 1, 'nginx'),
        cpuBar('goal', 1.25, 'haproxy'),
      ],
    },
    'get',
    '/64k',
  ),
  driven(
    {
      name: 'get-1m',
      title: '1 MB response, keep-alive, 64 connections',
      bars: [cpuBar('must', 1.25, 'haproxy'), cpuBar('goal', 1, 'haproxy')],
    },
    'get',
    '/1m',
  ),
]
