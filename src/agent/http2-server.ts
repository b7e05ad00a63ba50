// A server of node:http2 as a member of the cluster: what it has instead of the connections and methods of an http.Server.

import type { Server } from 'node:http'
import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { type Interception, interceptEvents } from '../node-internals/intercept-events.ts'
import type { ServerType } from './settings.ts'

/** A server that can join a cluster. */
export type JoinedServer = Server | HttpsServer | Http2Server | Http2SecureServer

/** Made by http2.createServer or http2.createSecureServer. */
const isHttp2Server = (server: JoinedServer): server is Http2Server | Http2SecureServer =>
  'updateSettings' in server && typeof server.updateSettings === 'function'

/**
 * As MCMP names it. One with TLS that also takes HTTP/1.1 (`allowHTTP1`) is asked over that: every proxy can.
 */
export function typeOf(server: JoinedServer): ServerType {
  const isSecure = server instanceof TlsServer
  if (!isHttp2Server(server)) return isSecure ? 'https' : 'http'
  if (!isSecure) return 'h2c'
  return takesHttp1(server) ? 'https' : 'h2'
}

/** ALPN offers HTTP/1.1. */
const takesHttp1 = (server: object): boolean => {
  const { ALPNProtocols: protocols } = server as { readonly ALPNProtocols?: Buffer }
  return protocols?.includes('http/1.1') === true
}

/** The sessions of a server; none of one that speaks HTTP/1.1. */
export class Http2Sessions {
  readonly #open: Set<ServerHttp2Session> = new Set()
  readonly #interception: Interception | undefined

  constructor(server: JoinedServer) {
    if (!isHttp2Server(server)) return
    this.#interception = interceptEvents(server, (event, session) => {
      if (event === 'session') this.#add(session as ServerHttp2Session)
      return false
    })
  }

  #add(session: ServerHttp2Session): void {
    this.#open.add(session)
    session.once('close', () => this.#open.delete(session))
  }

  /** Ends each when its streams have ended. */
  closeIdle(): void {
    for (const session of this.#open) session.close()
  }

  closeAll(): void {
    for (const session of this.#open) session.destroy()
  }

  release(): void {
    this.#interception?.end()
  }
}
