// What does a request over HTTP/2 cost, in the clear and over TLS?

import { type Http2Drive, runH2load } from '../support/h2load.ts'
import { costOf } from '../support/load.ts'
import { type Bar, type Case, cpuBar } from './case.ts'

const small: readonly Bar[] = [
  cpuBar('must', 1.25, 'haproxy'),
  cpuBar('goal', 1, 'haproxy'),
  cpuBar('goal', 1, 'nginx'),
]
const crowd: readonly Bar[] = [
  cpuBar('must', 1, 'haproxy', 'nginx'),
  cpuBar('goal', 0.5, 'haproxy', 'nginx'),
]
const large: readonly Bar[] = [cpuBar('must', 0.85, 'haproxy'), cpuBar('goal', 0.7, 'haproxy')]
const largeSecure: readonly Bar[] = [
  cpuBar('must', 1.15, 'haproxy', 'nginx'),
  cpuBar('goal', 1, 'haproxy', 'nginx'),
]
const upload: readonly Bar[] = [
  cpuBar('must', 1.25, 'haproxy', 'nginx'),
  cpuBar('goal', 1, 'haproxy', 'nginx'),
]

export const http2: readonly Case[] = [
  http2Case('h2-100b-c8', '100-byte response', small, of('/100b', 8, 16)),
  http2Case('h2-100b-c64', '100-byte response', small, of('/100b', 64, 16)),
  http2Case('h2-100b-m100', '100-byte response', small, of('/100b', 8, 100)),
  http2Case('h2-100b-crowd', '100-byte response', crowd, of('/100b', 64, 100)),
  http2Case('h2-64k', '64 KB response', large, of('/64k', 8, 16)),
  http2Case('h2-post-10k', 'POST of 10 KB', upload, {
    ...of('/post', 8, 16),
    bodyBytes: 10_240,
  }),
  http2Case('h2-post-64k', 'POST of 64 KB', upload, {
    ...of('/post', 8, 16),
    bodyBytes: 65_536,
  }),
  http2Case('h2-tls-100b-c8', '100-byte response', small, secure(of('/100b', 8, 16))),
  http2Case('h2-tls-100b-c64', '100-byte response', small, secure(of('/100b', 64, 16))),
  http2Case('h2-tls-64k', '64 KB response', largeSecure, secure(of('/64k', 8, 16))),
]

function of(path: string, connections: number, streams: number): Http2Drive {
  return { path, connections, streams }
}

function secure(drive: Http2Drive): Http2Drive {
  return { ...drive, secure: true }
}

function http2Case(name: string, what: string, bars: readonly Bar[], drive: Http2Drive): Case {
  const how = drive.secure === true ? 'HTTP/2 over TLS' : 'HTTP/2 in the clear'
  const run: Case['measure'] = (target, seconds) =>
    costOf(target, () => runH2load(target, drive, seconds))
  return {
    name,
    title: `${what}, ${how}, ${drive.connections} connections with ${drive.streams} requests at a time`,
    bars,
    http2: true,
    warmUp: run,
    measure: run,
  }
}
