// The agent's part of `topspin/auto`, loaded by src/auto.ts: `node --import topspin/auto app.js` makes an application join
// the cluster named by TOPSPIN_... variables (auto-settings.ts), without a change to it. It hooks `listen` of HTTP and
// HTTPS servers, so it works with every framework that listens with them.

import cluster from 'node:cluster'
import { hookListen } from '../net/hook-listen.ts'
import { autoSettings } from './auto-settings.ts'
import { type JoinOptions, joinCluster } from './join-cluster.ts'
import { readTlsFiles } from './tls-files.ts'

const print = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)
const printError = (error: unknown): void =>
  print(`not joined: ${error instanceof Error ? error.message : String(error)}`)

/** Reads the variables, and joins with the server that they name once it listens. */
export function joinProxies(): void {
  const settings = autoSettings(process.env)
  if (settings.kind === 'off') {
    for (const hint of settings.hints) print(hint)
    print('TOPSPIN_PROXIES is not set, so this process joins no cluster')
  } else if (settings.kind === 'bad') {
    for (const problem of settings.problems) print(problem)
    print('this process joins no cluster until these variables are corrected')
  } else if (cluster.isWorker) {
    print(
      'workers of node:cluster share one port, so they cannot join one by one; use the sidecar `topspin agent`',
    )
  } else {
    try {
      const tls = readTlsFiles(settings.tlsFiles ?? {})
      joinFirst({ ...settings.options, tls }, settings.port)
    } catch (error) {
      printError(error)
    }
  }
}

/** Joins with the first server that listens, or with the one on `port`. */
function joinFirst(options: JoinOptions, port: number | undefined): void {
  hookListen(port, (server) => {
    joinCluster(server, options).catch(printError)
  })
}
