// Runs one command line and gives the exit code: 2 for a wrong one, else what the command says.

import { CommanderError } from 'commander'
import { runAgent } from './agent.ts'
import { runAnnounce } from './announce.ts'
import { checkFile } from './check.ts'
import { runDemo } from './demo/demo.ts'
import { runDoctor } from './doctor/doctor.ts'
import { drain } from './drain.ts'
import { exitCodes } from './exit-codes.ts'
import { showExplanation } from './explain.ts'
import { showNodes } from './nodes.ts'
import { runPeer } from './peer.ts'
import { createProgram } from './program.ts'
import { serve } from './serve.ts'
import { showStatus } from './status.ts'
import { steer } from './steer.ts'

export async function run(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok
  const program = createProgram({
    serve: async (options) => {
      code = await serve(options)
    },
    agent: async (options) => {
      code = await runAgent(options)
    },
    announce: async (options) => {
      code = await runAnnounce(options)
    },
    peer: async (options) => {
      code = await runPeer(options)
    },
    demo: async (options) => {
      code = await runDemo(options)
    },
    status: async (options) => {
      code = await showStatus(options)
    },
    nodes: async (options) => {
      code = await showNodes(options)
    },
    steer: async (word, route, options) => {
      code = await steer(word, route, options)
    },
    drain: async (route, options) => {
      code = await drain(route, options)
    },
    explain: async (url, options) => {
      code = await showExplanation(url, options)
    },
    doctor: async (options) => {
      code = await runDoctor(options)
    },
    check: async (file) => {
      code = await checkFile(file)
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
    return asked ? exitCodes.ok : exitCodes.usage
  }
}
