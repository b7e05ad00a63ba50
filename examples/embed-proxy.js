// The proxy inside your own program, without a configuration file: traffic on PORT, nodes register on
// CONTROL_PORT. Two servers of this process join as nodes, so that there is something to see.
//
//   node examples/embed-proxy.js
//   curl http://127.0.0.1:8000/
//   curl http://127.0.0.1:6666/api/status

import { createServer } from 'node:http'
import { createProxy, LiveTable, Registry, startControl } from 'topspin'
import { joinCluster } from 'topspin/agent'

const { PORT = '8000', CONTROL_PORT = '6666' } = process.env
const log = { debug() {}, info: print, warn: print, error: print }

// One table of live numbers (requests in flight, health, load) for the proxy and the control listener.
const live = new LiveTable()
// Replies carry `runId`; another value after each start is how nodes notice a restart.
const registry = new Registry({ runId: String(Date.now()) })
const proxy = createProxy({ listen: [{ host: '127.0.0.1', port: Number(PORT) }], live, log })
const control = await startControl({
  listen: { host: '127.0.0.1', port: Number(CONTROL_PORT) },
  registry,
  live,
  log,
  traffic: {
    // Receives every registration, status change and load report.
    apply: (changes) => proxy.apply(changes),
    counts: () => proxy.counters,
    explain: async (question) => proxy.explain(question),
  },
})
const [address] = await proxy.listen()

const agents = await Promise.all(['a', 'b'].map(startNode))
console.log(
  `proxy on http://127.0.0.1:${address?.port}/, nodes register on port ${control.address.port}`,
)

process.once('SIGINT', stop)
process.once('SIGTERM', stop)

/** @param {string} route */
async function startNode(route) {
  const server = createServer((_request, response) => response.end(`served by ${route}\n`))
  server.listen(0, '127.0.0.1')
  const proxies = [`127.0.0.1:${control.address.port}`]
  return joinCluster(server, { proxies, route, required: true })
}

async function stop() {
  await Promise.all(agents.map((agent) => agent.close()))
  await proxy.drain(10_000)
  await control.close()
}

/**
 * @param {object} fields
 * @param {string} message
 */
function print(fields, message) {
  console.log(message, JSON.stringify(fields))
}
