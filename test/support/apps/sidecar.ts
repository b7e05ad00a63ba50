// Runs the sidecar in a process of its own, options as JSON in the first argument.

import { runSidecar } from '../../../src/agent/sidecar.ts'

process.exitCode = await runSidecar(JSON.parse(process.argv[2] ?? '{}'))
