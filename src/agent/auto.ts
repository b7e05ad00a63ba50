// The agent's part of `topspin/auto`, loaded by src/auto.ts: `node --import topspin/auto app.js` makes an application join
// the cluster named by TOPSPIN_... variables (auto-settings.ts), without a change to it. It hooks `listen` of HTTP and
// HTTPS servers, so it works with every framework that listens with them.

import cluster from 'node:cluster'
import { isMainThread } from 'node:worker_threads'
import { agentLimits } from '../base/limits.ts'
import { forwardSignals } from '../host/forward-signals.ts'
import { applicationEnvironment } from '../host/pm2.ts'
import { hookListen } from '../net/hook-listen.ts'
import { autoSettings } from './auto-settings.ts'
import { type JoinOptions, joinCluster } from './join-cluster.ts'
import { agentDefaults } from './options.ts'
import { readTlsFiles } from './tls-files.ts'

const print = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)
const threadText =
  'a server in a worker thread does not join, because no signal reaches it; call joinCluster there, or serve in the main thread'
const printError = (error: unknown): void =>
  print(`not joined: ${error instanceof Error ? error.message : String(error)}`)

/** Reads the variables, and joins with the server that they name once it listens. */
export function joinProxies(): void {
  // The threads of an application load this module, too.
  if (!isMainThread) return hookListen(undefined, () => print(threadText))
  const settings = autoSettings(applicationEnvironment())
  if (settings.kind === 'off') {
    for (const hint of settings.hints) print(hint)
    print('TOPSPIN_PROXIES is not set, so this process joins no cluster')
  } else if (settings.kind === 'bad') {
    for (const problem of settings.problems) print(problem)
    print('this process joins no cluster until these variables are corrected')
  } else {
    try {
      const tls = readTlsFiles(settings.tlsFiles ?? {})
      joinFirst({ ...settings.options, tls }, settings.port)
      const { deadlineMs = agentDefaults.drain.deadlineMs } = settings.options.drain ?? {}
      if (cluster.isPrimary) forwardSignals(deadlineMs + agentLimits.workersEndMs)
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
