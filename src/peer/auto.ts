// `TOPSPIN_MODE=peer node --import topspin/auto app.js`: the application's server joins the peers that the
// TOPSPIN_... variables name (auto-settings.ts), with no change to it. Loaded by src/auto.ts.

import cluster from 'node:cluster'
import { stderrLog } from '../base/stderr-log.ts'
import { hookListen } from '../net/hook-listen.ts'
import { peerAutoSettings } from './auto-settings.ts'
import { joinPeers } from './join-peers.ts'

const say = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)

const settings = peerAutoSettings(process.env)
if (settings.kind === 'bad') {
  for (const problem of settings.problems) say(problem)
  say('this process joins no peers until that is put right')
} else if (cluster.isWorker) {
  say(
    'workers of node:cluster share one port and cannot join one by one; give each a port of its own',
  )
} else {
  const { options, port, warnings } = settings
  for (const warning of warnings) say(warning)
  hookListen(port, (server) => {
    joinPeers(server, { log: stderrLog, ...options }).catch((error: unknown) => {
      say(`not joined: ${error instanceof Error ? error.message : String(error)}`)
    })
  })
}
