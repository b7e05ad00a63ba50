// A load metric of your own: a node whose job queue fills up reports a lower load factor and gets fewer
// requests. Start a proxy first (`topspin serve`).
//
//   PORT=3001 node examples/custom-metric.js
//   curl -X POST http://127.0.0.1:8000/jobs       adds a job that takes JOB_MS
//   topspin status                                shows the load factor

import { createServer } from 'node:http'
import { eventLoopUse, joinCluster } from 'topspin/agent'

const {
  PORT = '3001',
  PROXIES = '127.0.0.1:6666',
  JOB_MS = '5000',
  REPORT_MS = '1000',
} = process.env

let jobs = 0

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    jobs++
    setTimeout(() => jobs--, Number(JOB_MS))
  }
  response.end(`${jobs} jobs\n`)
})
server.listen(Number(PORT), '127.0.0.1')

/**
 * `read` is called once for each load report; its value divided by `capacity` is a share from 0 to 1,
 * and the greatest share of all metrics counts. `read` may also return 'unavailable' (load factor -1) or
 * undefined (no value this time).
 *
 * @type {import('topspin/agent').LoadMetric}
 */
const queueLength = { name: 'queue-length', capacity: 10, read: () => jobs }

await joinCluster(server, {
  proxies: PROXIES.split(','),
  metrics: [eventLoopUse(), queueLength],
  reportIntervalMs: Number(REPORT_MS),
  // Report the measured load at once instead of starting as a fully loaded node.
  initialLoad: -1,
  signals: true,
  required: true,
})
console.log('joined')
