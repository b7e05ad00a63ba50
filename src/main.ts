// The program that bin/topspin.js runs.

import { run } from './cli/run.ts'
import { killIfStuck } from './server/stuck-thread.ts'

process.exitCode = await run(process.argv.slice(2))
await killIfStuck()
