// The connections of a listener for proxies in front (`proxyProtocol`): from their addresses alone, each with a PROXY
// header that names the client. Made by listener.ts.

import type { Socket } from 'node:net'
import { hostPortText } from '../base/host-port.ts'
import { proxyProtocolLimits } from '../base/limits.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { countClosing } from '../cluster/traffic-counts.ts'
import type { Traffic } from '../forward/index.ts'
import { plainAddress } from '../net/address.ts'
import { type ClientOrigin, originOf, unixOrigin } from '../net/client-origin.ts'
import { networkCheck } from '../net/network-check.ts'
import { ProxyAcceptor } from '../net/proxy-acceptor.ts'

interface Calls {
  /** @param origin of the client; `undefined`: the socket shows it. @param rest what has arrived behind the header. */
  accepted(socket: Socket, origin: ClientOrigin | undefined, rest: Buffer): void
  /** The connection has closed without a header. */
  lost(socket: Socket): void
}

export class ProxiedClients {
  readonly #traffic: Traffic
  readonly #isProxy: (address: string) => boolean
  readonly #isUnix: boolean
  readonly #acceptor: ProxyAcceptor
  readonly #refused: ThrottledLog

  /**
   * @param proxies addresses and networks of the proxies; `unix` for those on a unix socket.
   * @param isUnix the listener is a unix socket.
   * @throws RangeError for an entry that is no network.
   */
  constructor(traffic: Traffic, proxies: readonly string[], isUnix: boolean, calls: Calls) {
    const { log, clock, settings } = traffic
    this.#traffic = traffic
    this.#isProxy = networkCheck(proxies, 'proxyProtocol')
    this.#isUnix = isUnix
    const { refusalLinesMax } = proxyProtocolLimits
    this.#refused = new ThrottledLog(log, clock, 'proxied connection refused', refusalLinesMax)
    this.#acceptor = new ProxyAcceptor(settings.timeouts.headMs, {
      accepted: (socket, header, rest) => {
        const { remoteAddress = '', localAddress = '', localPort = 0 } = socket
        const local = { host: plainAddress(localAddress), port: localPort }
        const own = isUnix ? unixOrigin : undefined
        const authority = own?.localAuthority ?? hostPortText(local)
        calls.accepted(socket, originOf(header, own, remoteAddress, authority), rest)
      },
      lost: (socket, reason) => {
        if (reason !== '') this.#refuse('proxy_header', socket.remoteAddress, reason)
        calls.lost(socket)
      },
    })
  }

  /** Whether connections from this address are accepted; others have to be closed at once. */
  admits(remote: string): boolean {
    if (this.#isProxy(plainAddress(remote))) return true
    // The connection has been reset already.
    if (remote === '') return false
    this.#refuse('proxy_address', remote, 'the address is not in proxyProtocol')
    return false
  }

  /** Reads the header of an admitted connection. */
  accept(socket: Socket): void {
    this.#acceptor.accept(socket)
  }

  #refuse(
    closing: 'proxy_header' | 'proxy_address',
    remote: string | undefined,
    reason: string,
  ): void {
    countClosing(this.#traffic.counters, closing)
    this.#refused.warn({ proxy: this.#isUnix ? 'unix' : remote, reason })
  }

  /** Connections without a complete header. */
  get pending(): number {
    return this.#acceptor.pending
  }

  drain(): void {
    this.#acceptor.drain()
  }

  close(): void {
    this.#acceptor.close()
  }
}
