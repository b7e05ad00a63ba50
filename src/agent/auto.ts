// The agent's half of `topspin/auto`, loaded by src/auto.ts: `node --import topspin/auto app.js` makes an application join the cluster that
// the TOPSPIN_... variables name (auto-settings.ts), with no change to it. It hooks `listen` of HTTP and
// HTTPS servers, so Express, Fastify and whatever else listens with them comes along.

import cluster from 'node:cluster'
import { stderrLog } from '../base/stderr-log.ts'
import { hookListen } from '../net/hook-listen.ts'
import { autoSettings } from './auto-settings.ts'
import { type JoinOptions, joinCluster } from './join-cluster.ts'
import { readTlsFiles } from './tls-files.ts'

const say = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)

const settings = autoSettings(process.env)
if (settings.kind === 'off') {
  for (const hint of settings.hints) say(hint)
  say('TOPSPIN_PROXIES is not set, so this process joins no cluster')
} else if (settings.kind === 'bad') {
  for (const problem of settings.problems) say(problem)
  say('this process joins no cluster until that is put right')
} else if (cluster.isWorker) {
  say(
    'workers of node:cluster share one port and cannot join one by one; use the sidecar `topspin agent`',
  )
} else {
  try {
    const tls = readTlsFiles(settings.tlsFiles ?? {})
    joinFirst({ ...settings.options, tls }, settings.port)
  } catch (error) {
    say(`not joined: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The first server that listens joins, or the one on `port`. */
function joinFirst(options: JoinOptions, port: number | undefined): void {
  hookListen(port, (server) => {
    joinCluster(server, { log: stderrLog, ...options }).catch((error: unknown) => {
      say(`not joined: ${error instanceof Error ? error.message : String(error)}`)
    })
  })
}
