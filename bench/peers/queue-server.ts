// A web server of a given strength as a process: one request after the other, each of which takes a time that is
// waited for and not computed, so that many such servers fit on a machine with few cores. It announces the
// figures that a machine of its own would have. `node queue-server.js OPTIONS`, started by ../peers.ts.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { joinPeers } from '../../src/peer/index.ts'

export interface QueueServerOptions {
  readonly name: string
  readonly group: string
  readonly candidacy: string
  /** How fast it is beside the others. */
  readonly speed: number
  /** Mean time of one request at speed 1, ms. */
  readonly serviceMs: number
}

/** A load average looks back a minute, as the system's does. */
const loadMs = 60_000

const options: QueueServerOptions = JSON.parse(process.argv[2] ?? '{}')

let freeAt = 0
let inHand = 0
let load = 0
let loadHigh = 1
let busyMs = 0
let busyBefore = 0
let readAt = performance.now()
let changedAt = readAt

/** The figures up to this moment. */
function advance(now: number): void {
  const passed = now - changedAt
  const keeps = Math.exp(-passed / loadMs)
  load = load * keeps + inHand * (1 - keeps)
  while (loadHigh < load) loadHigh *= 2
  if (inHand > 0) busyMs += passed
  changedAt = now
}

const server = createServer((_request, response) => {
  const now = performance.now()
  advance(now)
  inHand++
  // Half to one and a half times the mean.
  freeAt = Math.max(now, freeAt) + (options.serviceMs / options.speed) * (0.5 + Math.random())
  setTimeout(() => {
    advance(performance.now())
    inHand--
    response.setHeader('X-Served-By', options.name)
    response.end('done\n')
  }, freeAt - now)
}).listen(0, '127.0.0.1', async () => {
  const peers = await joinPeers(server, {
    group: options.group,
    interface: '127.0.0.1',
    name: options.name,
    candidacy: options.candidacy,
    key: 'what the servers of this bench share',
    statusPath: '/peers',
    resources: () => {
      const now = performance.now()
      advance(now)
      const cpuIdle = 1 - Math.min(1, (busyMs - busyBefore) / Math.max(1, now - readAt))
      busyBefore = busyMs
      readAt = now
      return { cores: 1, load, loadHigh, cpuIdle, memoryTotal: 1e9, memoryAvailable: 5e8 }
    },
  })
  await peers.ready
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ port })}\n`)
  process.on('message', () => process.send?.({ known: peers.known.length, counts: peers.counts }))
})
process.on('disconnect', () => process.exit())
