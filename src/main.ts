// The program that bin/topspin.js runs.

import cluster from 'node:cluster'
import { refuseWorker } from './cli/refuse-worker.ts'
import { run } from './cli/run.ts'
import { killIfStuck } from './server/stuck-thread.ts'

if (cluster.isWorker) refuseWorker()
else {
  process.exitCode = await run(process.argv.slice(2))
  await killIfStuck()
}
