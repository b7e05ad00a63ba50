// Runs one command line and gives the exit code: 2 for a wrong one, else what the command says.
// A command is loaded when it is asked for: each needs a small part of the whole.

import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { createProgram } from './program.ts'

export async function run(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok
  const program = createProgram({
    serve: async (options) => {
      const { serve } = await import('./serve.ts')
      code = await serve(options)
    },
    agent: async (options) => {
      const { runAgent } = await import('./agent.ts')
      code = await runAgent(options)
    },
    announce: async (options) => {
      const { runAnnounce } = await import('./announce.ts')
      code = await runAnnounce(options)
    },
    peer: async (options) => {
      const { runPeer } = await import('./peer.ts')
      code = await runPeer(options)
    },
    demo: async (options) => {
      const { runDemo } = await import('./demo/demo.ts')
      code = await runDemo(options)
    },
    status: async (options) => {
      const { showStatus } = await import('./status.ts')
      code = await showStatus(options)
    },
    nodes: async (options) => {
      const { showNodes } = await import('./nodes.ts')
      code = await showNodes(options)
    },
    steer: async (word, route, options) => {
      const { steer } = await import('./steer.ts')
      code = await steer(word, route, options)
    },
    drain: async (route, options) => {
      const { drain } = await import('./drain.ts')
      code = await drain(route, options)
    },
    explain: async (url, options) => {
      const { showExplanation } = await import('./explain.ts')
      code = await showExplanation(url, options)
    },
    doctor: async (options) => {
      const { runDoctor } = await import('./doctor/doctor.ts')
      code = await runDoctor(options)
    },
    check: async (file) => {
      const { checkFile } = await import('./check.ts')
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
