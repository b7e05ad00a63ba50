// What does a request body cost, with a length and in chunks of 1 KB?

import { type Case, cpuBar } from './case.ts'
import { driven } from './driven.ts'

const bars = [cpuBar('must', 1.4, 'haproxy'), cpuBar('goal', 1.1, 'haproxy')]

export const post: readonly Case[] = [
  driven(
    { name: 'post-length', title: 'POST of 10 KB with Content-Length, 64 connections', bars },
    'post',
    '/post',
  ),
  driven(
    { name: 'post-chunked', title: 'POST of 10 KB in chunks, 64 connections', bars },
    'chunked',
    '/post',
  ),
]
