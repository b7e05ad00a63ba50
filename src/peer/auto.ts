// `TOPSPIN_MODE=peer node --import topspin/auto app.js`: makes the application's server a peer, by the TOPSPIN_...
// variables (auto-settings.ts) and without a change to the application. Loaded by src/auto.ts.

import cluster from 'node:cluster'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { applicationEnvironment } from '../host/pm2.ts'
import { hookListen } from '../net/hook-listen.ts'
import { peerAutoSettings } from './auto-settings.ts'
import type { JoinPeersOptions } from './join-peers.ts'
import type { Peers } from './peers.ts'
import { isSoleProcess } from './sole-process.ts'

const sharedText =
  'this process shares its port with other workers of node:cluster, so it does not join; give each worker a port of its own'
const write = (text: string): void => void process.stderr.write(`topspin: ${text}\n`)

/** Reads the variables, and joins with the server that they name once it listens. */
export function joinGroup(): void {
  const settings = peerAutoSettings(applicationEnvironment())
  if (settings.kind === 'bad') {
    for (const problem of settings.problems) write(problem)
    write('this process does not join its peers until these variables are corrected')
  } else {
    const { options, port, warnings } = settings
    for (const warning of warnings) write(warning)
    // Some 400 files, which an application that only registers with proxies does not load.
    const code = import('./join-peers.ts')
    hookListen(port, (server) => {
      join(server, options, code).catch((error: unknown) => {
        write(`not joined: ${error instanceof Error ? error.message : String(error)}`)
      })
    })
  }
}

async function join(
  server: Server,
  options: JoinPeersOptions,
  code: Promise<typeof import('./join-peers.ts')>,
): Promise<void> {
  if (!cluster.isWorker) return void (await (await code).joinPeers(server, options))
  let peers: Peers | undefined
  let isShared = false
  const refuse = (): void => {
    if (isShared) return
    isShared = true
    write(sharedText)
    void peers?.close()
  }
  if (!(await isSoleProcess(server.address() as AddressInfo, refuse))) return refuse()
  peers = await (await code).joinPeers(server, options)
  if (isShared) await peers.close()
}
