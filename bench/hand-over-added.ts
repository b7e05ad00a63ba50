// `node dist/bench/hand-over-added.js`: the time that a request waits longer for its listener in a server that has
// joined its peers and serves it itself, in one process, without sockets: from `emit('request')` to its return, and the
// end of the response. The best of many turns, which a busy machine disturbs least.

import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { peerCascade } from '../src/candidacy/index.ts'
import { startPeerMembership } from '../src/peer/membership.ts'
import { startPeers } from '../src/peer/start-peers.ts'
import { wrapServer } from '../src/peer/wrap-server.ts'

const requests = 20_000
const turns = 30
const fields = [
  ...[
    'Host',
    'example.test',
    'User-Agent',
    'Mozilla/5.0',
    'Accept',
    'text/html',
    'Accept-Language',
    'en',
  ],
  ...[
    'Accept-Encoding',
    'gzip, br',
    'Connection',
    'keep-alive',
    'Cookie',
    'a=b; c=d',
    'X-Mine',
    '1',
  ],
]

/** Others are worse placed, so that nearly all decisions are "here". */
const busy = { load: 50, loadHigh: 64, cpuIdle: 0 }

const plain = createServer(() => {})
console.log(
  '| peers | cascade | added, µs per request | of these served here |\n| --- | --- | --- | --- |',
)
for (const [count, candidacy] of [
  [3, 'off'],
  [3, 'byAge 60, byRandom, byCost'],
  [5, peerCascade.join(', ')],
  [64, peerCascade.join(', ')],
  [64, 'byAge 60, byRandom, byLogWindow, addSelf, byCost'],
] as const) {
  const key = 'what the servers of this bench share'
  const group = `239.255.77.8:${20_000 + Math.floor(Math.random() * 9_000)}`
  const common = { group, interface: '127.0.0.1', key }
  const others = Array.from({ length: count - 1 }, (_, index) =>
    startPeerMembership({
      ...common,
      advertise: 'http://127.0.0.1:9',
      name: `peer-${index}`,
      resources: () => busy,
    }),
  )
  const peers = startPeers({ ...common, advertise: 'http://127.0.0.1:8', candidacy })
  const joined = createServer(() => {})
  wrapServer(joined, peers.handOver)
  while (peers.known.length < count) await new Promise((resolve) => setTimeout(resolve, 100))
  const [without, added] = [best(plain), best(joined)]
  const { here, handed } = peers.counts
  const share = Math.round((100 * here) / (here + handed))
  console.log(
    `| ${count} | \`${candidacy}\` | ${((added - without) / 1_000).toFixed(2)} | ${share} % |`,
  )
  await Promise.all([peers, ...others].map((one) => one.close()))
}
process.exit()

/** Nanoseconds for one request. */
function best(server: Server): number {
  const socket = new Socket()
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < turns; turn++) {
    const pairs = Array.from({ length: requests }, (_, index) => {
      const request = new IncomingMessage(socket)
      Object.assign(request, { method: 'GET', url: `/shop/cart/${index % 50}`, rawHeaders: fields })
      return [request, new ServerResponse(request)] as const
    })
    const begun = process.hrtime.bigint()
    for (const [request, response] of pairs) {
      server.emit('request', request, response)
      response.emit('close')
    }
    least = Math.min(least, Number(process.hrtime.bigint() - begun) / requests)
  }
  return least
}
