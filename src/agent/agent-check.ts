// The port that HAProxy asks for the state of this node (option `agentCheck`). Each connection gets one line and ends;
// nothing is read from it. Opened by membership.ts while this process registers the node.

import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { pause, waitUntil } from '../base/wait.ts'

interface AgentCheckOptions {
  readonly port: number
  /** Address to listen on; undefined: all addresses. */
  readonly host: string | undefined
  /** The line to send now. */
  text(): string
  readonly log: Logger
}

export class AgentCheck {
  readonly #options: AgentCheckOptions
  readonly #clock: Clock = systemClock
  readonly #server: Server
  readonly #closed = new AbortController()
  #lastCheck = Number.NEGATIVE_INFINITY

  constructor(options: AgentCheckOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#answer(socket))
    const limit = agentLimits.checkConnectionsMax
    this.#server.maxConnections = limit
    const full = new ThrottledLog(options.log, this.#clock, 'no room for more agent checks')
    this.#server.on('drop', (dropped) => full.warn({ remote: dropped?.remoteAddress, limit }))
    this.#server.unref()
  }

  /**
   * Resolves when the port is open or the first attempt has failed; then it tries again without end: another process of
   * this node may still have the port.
   */
  async open(): Promise<void> {
    if (await this.#listen()) return
    void this.#retry()
  }

  /**
   * Resolves when every HAProxy that checks this node has seen its present state. HAProxy instances cannot be told
   * apart, so this waits for the time between two checks (`agent-inter`, 2 s by default); at once when none has checked.
   */
  async seen(signal: AbortSignal, withinMs: number): Promise<void> {
    if (this.#clock.now() - this.#lastCheck > agentLimits.checkRecentMs) return
    await pause(Math.max(0, Math.min(withinMs, agentLimits.checkSeenMs)), signal)
  }

  close(): void {
    this.#closed.abort()
    this.#server.close()
  }

  async #retry(): Promise<void> {
    await waitUntil(() => this.#closed.signal.aborted || this.#listen(), {
      withinMs: Number.POSITIVE_INFINITY,
      everyMs: agentLimits.checkRetryMs,
      signal: this.#closed.signal,
    })
  }

  async #listen(): Promise<boolean> {
    const { port, host, log } = this.#options
    try {
      // Exclusive: a worker of node:cluster would share the port with workers that do not lead.
      this.#server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) })
      await once(this.#server, 'listening')
      const unaccepted = new ThrottledLog(log, this.#clock, 'agent check failed')
      this.#server.on('error', ({ message }) => unaccepted.warn({ port, reason: message }))
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn({ port, reason }, 'port of the agent check is not open')
      return false
    }
  }

  #answer(socket: Socket): void {
    this.#lastCheck = this.#clock.now()
    const deadline = setTimeout(() => socket.destroy(), agentLimits.checkMs)
    socket.on('error', () => {}).once('close', () => clearTimeout(deadline))
    socket.resume()
    socket.end(this.#options.text())
  }
}
