// `TOPSPIN_MODE=peer node --import topspin/auto app.js`: makes the application's server a peer, by the TOPSPIN_...
// variables (auto-settings.ts) and without a change to the application. Loaded by src/auto.ts.

import cluster from 'node:cluster'
import { hookListen } from '../net/hook-listen.ts'
import { peerAutoSettings } from './auto-settings.ts'
import { joinPeers } from './join-peers.ts'

const write = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)

/** Reads the variables, and joins with the server that they name once it listens. */
export function joinGroup(): void {
  const settings = peerAutoSettings(process.env)
  if (settings.kind === 'bad') {
    for (const problem of settings.problems) write(problem)
    write('this process does not join its peers until these variables are corrected')
  } else if (cluster.isWorker) {
    write('workers of node:cluster share one port, so they cannot join; give each its own port')
  } else {
    const { options, port, warnings } = settings
    for (const warning of warnings) write(warning)
    hookListen(port, (server) => {
      joinPeers(server, options).catch((error: unknown) => {
        write(`not joined: ${error instanceof Error ? error.message : String(error)}`)
      })
    })
  }
}
