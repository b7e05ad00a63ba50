// The hand-over as a NestJS module: the application's server joins its peers when the application starts, and leaves
// them when it shuts down. The types are the part of Nest's that is used.

import type { Server } from 'node:http'
import { stderrLog } from '../../base/stderr-log.ts'
import { type JoinPeersOptions, joinPeers } from '../join-peers.ts'
import type { Peers } from '../peers.ts'

interface MiddlewareConsumer {
  getHttpAdapter?(): { getHttpServer(): Server }
}

/** A dynamic module of Nest. */
export interface NestPeersModule {
  readonly module: new () => object
}

/** `@Module({ imports: [nestPeers({ group: ... })] })` */
export function nestPeers(options: JoinPeersOptions): NestPeersModule {
  class TopspinPeersModule {
    #peers: Promise<Peers> | undefined

    configure(consumer: MiddlewareConsumer): void {
      const server = consumer.getHttpAdapter?.().getHttpServer()
      if (server === undefined) throw new TypeError('topspin: this NestJS has no HTTP server')
      this.#peers = joinPeers(server, options)
      this.#peers.catch((error: unknown) => {
        const { log = stderrLog } = options
        if (log !== false) log.error({ reason: String(error) }, 'not joined')
      })
    }

    async beforeApplicationShutdown(): Promise<void> {
      const peers = await this.#peers?.catch(() => undefined)
      await peers?.close()
    }
  }
  return { module: TopspinPeersModule }
}
