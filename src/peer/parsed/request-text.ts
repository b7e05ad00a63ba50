// A request that Node.js has parsed, as candidacy functions read it.

import type { IncomingMessage } from 'node:http'
import type { RequestView } from '../../candidacy/candidacy.ts'
import { plainAddress } from '../../net/address.ts'
import { hostName } from '../../wire/http/host.ts'

export class RequestText implements RequestView {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method ?? ''
  }
  get target(): string {
    return this.#request.url ?? '/'
  }
  get host(): string {
    return hostName(this.#request.headers.host ?? '')
  }
  get client(): string {
    return plainAddress(this.#request.socket.remoteAddress ?? '')
  }

  field(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}
