// The package ws, which brings no types: as much of it as the scenes use.

import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { ConnectionOptions } from 'node:tls'

export interface WebSocket {
  send(data: string | Buffer, options?: { binary: boolean }): void
  close(code: number, reason?: string): void
  terminate(): void
  on(event: 'open', listener: () => void): void
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'close', listener: (code: number, reason: Buffer) => void): void
  on(event: 'error', listener: (error: Error) => void): void
}

interface WebSocketServer {
  on(event: 'connection', listener: (socket: WebSocket) => void): void
}

interface Package {
  new (url: string, options?: ConnectionOptions): WebSocket
  readonly WebSocketServer: new (options: { server: Server; path: string }) => WebSocketServer
}

const ws: Package = createRequire(import.meta.url)('ws')

export const webSocketServer = (options: { server: Server; path: string }): WebSocketServer =>
  new ws.WebSocketServer(options)

/** @param secure for wss. */
export const webSocket = (url: string, secure?: ConnectionOptions): WebSocket => new ws(url, secure)
