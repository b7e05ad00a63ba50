// The start of connections that proxies in front pass on: each must begin with a PROXY header, within one deadline. Used by
// the listeners of the traffic, before TLS.

import type { Socket } from 'node:net'
import type { ProxyHeader } from '../wire/proxy-protocol/header.ts'
import { HeaderReader } from '../wire/proxy-protocol/header-reader.ts'
import { runningTimeout } from './running-timeout.ts'

interface AcceptorCalls {
  /** The header is complete. @param rest what has arrived behind it. */
  accepted(socket: Socket, header: ProxyHeader, rest: Buffer): void
  /** The connection closed without a header, or was closed. @param reason '' when the other side closed it. */
  lost(socket: Socket, reason: string): void
}

/** A socket before the end of its header. */
interface Pending {
  readonly socket: Socket
  readonly reader: HeaderReader
  readonly cancelTimeout: () => void
  /** Why it was closed. */
  reason: string
}

export class ProxyAcceptor {
  readonly #calls: AcceptorCalls
  readonly #headerMs: number
  readonly #pending: Set<Pending> = new Set()

  /** @param headerMs deadline from the accept to the end of the header, ms. */
  constructor(headerMs: number, calls: AcceptorCalls) {
    this.#headerMs = headerMs
    this.#calls = calls
  }

  /** Sockets before the end of their header. */
  get pending(): number {
    return this.#pending.size
  }

  /** Reads the header of a socket from a server with `pauseOnConnect` and `allowHalfOpen`. */
  accept(socket: Socket): void {
    const pending: Pending = {
      socket,
      reader: new HeaderReader(),
      cancelTimeout: runningTimeout(this.#headerMs, () =>
        close(pending, `no PROXY header within ${this.#headerMs} ms`),
      ),
      reason: '',
    }
    this.#pending.add(pending)
    const onEnd = (): void =>
      close(pending, pending.reader.isEmpty ? '' : 'the PROXY header is cut')
    const onError = (): void => void socket.destroy()
    const onReadable = (): void => {
      const piece: Buffer | null = socket.read()
      if (piece === null || socket.destroyed) return
      const read = pending.reader.add(piece)
      if (read === undefined) return
      const { result, rest } = read
      if (result.kind === 'invalid') return close(pending, result.reason)
      detach()
      this.#calls.accepted(socket, result, rest)
    }
    const onClose = (): void => {
      detach()
      this.#calls.lost(socket, pending.reason)
    }
    const detach = (): void => {
      this.#pending.delete(pending)
      pending.cancelTimeout()
      socket.off('readable', onReadable)
      socket.off('end', onEnd)
      socket.off('error', onError)
      socket.off('close', onClose)
    }
    socket.on('readable', onReadable)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  /** Closes the sockets without a first byte; headers that have begun may end. */
  drain(): void {
    for (const pending of [...this.#pending]) if (pending.reader.isEmpty) pending.socket.destroy()
  }

  close(): void {
    for (const { socket } of [...this.#pending]) socket.destroy()
  }
}

function close(pending: Pending, reason: string): void {
  pending.reason = reason
  pending.socket.destroy()
}
