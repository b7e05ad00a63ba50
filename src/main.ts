// The program that bin/topspin.js runs.

import cluster from 'node:cluster'
import { endWithReader, runsOn } from './cli/lost-reader.ts'
import { refuseWorker } from './cli/refuse-worker.ts'
import { run } from './cli/run.ts'
import { killIfStuck } from './server/stuck-thread.ts'

if (cluster.isWorker) refuseWorker()
else {
  const args = process.argv.slice(2)
  if (!runsOn(args)) endWithReader()
  process.exitCode = await run(args)
  await killIfStuck()
}
