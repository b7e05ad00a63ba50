// The health of a server on this machine that has no agent of its own: an HTTP or HTTPS request, repeated; of one that speaks
// HTTP/2, its SETTINGS. Used by the sidecar and by the announcer of such a server to peers.

import { request } from 'node:http'
import { connect } from 'node:http2'
import { request as tlsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { targetLimits } from '../base/limits.ts'
import { withDeadline } from '../base/wait.ts'
import { isShortage } from './shortage.ts'

/**
 * The outcome of one request: a response; a connection that was cut, or late for very long; none, since nothing listens
 * there; or a local error, which is no evidence about the target.
 */
type Outcome = 'answered' | 'cut' | 'refused' | 'shortage'

export class TargetCheck {
  /** Whether the target serves, as far as is known: false before its first answer. */
  isHealthy = false
  /** Why the last request had no response; undefined after a response, and before the first outcome. */
  reason: string | undefined
  readonly #target: URL
  /**
   * The request under way. There is never more than one: each takes a place in the queue of a server that works on one
   * request at a time.
   */
  #asked: Promise<void> | undefined
  #request: { destroy(): void } | undefined
  /** Cut requests in a row. */
  #cuts = 0

  constructor(target: URL) {
    this.#target = target
  }

  /**
   * Sends a request unless one is under way, and waits for its outcome for a short time. A target that accepts the
   * connection and is late keeps its state: it may be busy. Never rejects.
   */
  async check(): Promise<boolean> {
    this.#asked ??= this.#ask()
    await withDeadline(this.#asked, targetLimits.waitMs, () => {})
    return this.isHealthy
  }

  close(): void {
    this.#request?.destroy()
  }

  async #ask(): Promise<void> {
    const outcome = await new Promise<Outcome>((resolve) => this.#send(resolve))
    this.#asked = undefined
    this.#cuts = outcome === 'cut' ? this.#cuts + 1 : 0
    if (outcome === 'answered') this.isHealthy = true
    if (outcome === 'refused' || this.#cuts >= targetLimits.cutsMax) this.isHealthy = false
  }

  #send(resolve: (outcome: Outcome) => void): void {
    if (/^h2c?:$/.test(this.#target.protocol)) return this.#connect(resolve)
    const send = this.#target.protocol === 'https:' ? tlsRequest : request
    // A local server may have a certificate that no public authority signed.
    const options = { method: 'HEAD', agent: false, rejectUnauthorized: false } as const
    const probe = send(this.#target, options, (response) => {
      response.resume()
      this.reason = undefined
      resolve('answered')
    })
    this.#request = probe
    const within = (ms: number, reason: string): NodeJS.Timeout =>
      setTimeout(() => {
        this.reason = `${reason} within ${ms} ms`
        probe.destroy()
      }, ms)
    let timer = within(targetLimits.connectMs, 'no connection')
    const connected = (): void => {
      clearTimeout(timer)
      this.reason = 'no response yet'
      timer = within(targetLimits.answerMs, 'no response')
    }
    probe.on('socket', (socket: Socket) => socket.once('connect', connected))
    probe.on('error', (error: NodeJS.ErrnoException) => {
      this.reason = error.message === '' ? error.code : error.message
      resolve(outcomeOf(error))
    })
    probe.on('close', () => {
      clearTimeout(timer)
      resolve('cut')
    })
    probe.end()
  }

  /** A server of gRPC has no answer to any other request than its calls. */
  #connect(resolve: (outcome: Outcome) => void): void {
    const { host, protocol } = this.#target
    const scheme = protocol === 'h2:' ? 'https' : 'http'
    const session = connect(`${scheme}://${host}`, { rejectUnauthorized: false })
    this.#request = session
    const timer = setTimeout(() => {
      this.reason = `no HTTP/2 within ${targetLimits.connectMs} ms`
      session.destroy()
    }, targetLimits.connectMs)
    session.on('remoteSettings', () => {
      this.reason = undefined
      resolve('answered')
      session.close()
    })
    session.on('error', (error: NodeJS.ErrnoException) => {
      this.reason = error.message === '' ? error.code : error.message
      resolve(outcomeOf(error))
    })
    session.on('close', () => {
      clearTimeout(timer)
      resolve('cut')
    })
  }
}

function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  if (isShortage(error)) return 'shortage'
  return error.syscall === 'connect' || error.code === 'ENOTFOUND' ? 'refused' : 'cut'
}
