// Web servers that share their requests without a proxy in front. Start it several times, each with a port
// and a name of its own; every server answers for all of them.
//
//   PORT=3001 NAME=a node examples/peers.js
//   PORT=3002 NAME=b node examples/peers.js
//   curl http://127.0.0.1:3001/

import { createServer } from 'node:http'
import { joinPeers } from 'topspin/peer'

const { PORT = '3001', NAME = `web-${PORT}` } = process.env
// All peers have the same list. Each process listens on the first of these UDP ports that is free. Where
// multicast works, one group is shorter: '239.255.77.1:4445'.
const { GROUP = '127.0.0.1:4445,127.0.0.1:4446,127.0.0.1:4447' } = process.env

const server = createServer(async (request, response) => {
  // Some work that takes longer on a slow machine.
  await new Promise((resolve) => setTimeout(resolve, 20))
  // The address is the client's, also when another peer accepted the connection.
  response.end(`served by ${NAME} for ${request.socket.remoteAddress}\n`)
})
server.listen(Number(PORT), '127.0.0.1')

const peers = await joinPeers(server, {
  group: GROUP.split(','),
  name: NAME,
  // A secret of at least 16 characters, the same for all peers; without one nearby networks are trusted.
  key: process.env.PEER_KEY ?? 'a secret for this example',
  // The default weighs queues and speeds. Here any peer at random, so that a single curl shows it.
  candidacy: process.env.CANDIDACY ?? 'byAge 5, byRandom',
  statusPath: '/peers',
  signals: true,
})
await peers.ready
console.log(`${NAME} listens on port ${PORT}; peers: http://127.0.0.1:${PORT}/peers`)
