// The status page at a path of the application's server, for some addresses only. It is never handed over, because it is
// the view of this server. For all other addresses the path is the application's.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { TopspinError } from '../../base/errors.ts'
import { plainAddress } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import { statusAnswer } from './status-page.ts'
import type { PeersReport } from './status-report.ts'

interface StatusMountOptions {
  readonly statusPath: string
  readonly statusFrom: readonly string[]
  readonly report: () => PeersReport
}

export class StatusMount {
  readonly #options: StatusMountOptions
  readonly #isAllowed: (address: string) => boolean

  /** @throws TopspinError BAD_OPTION */
  constructor(options: StatusMountOptions) {
    this.#options = options
    const detail = { side: 'proxy', phase: 'control' } as const
    if (!/^\/[\x21-\x7e]*$/.test(options.statusPath) || /[?#]/.test(options.statusPath)) {
      throw new TopspinError(
        'BAD_OPTION',
        `statusPath "${options.statusPath}": a path without ? and #, which begins with a slash`,
        detail,
      )
    }
    try {
      this.#isAllowed = networkCheck(options.statusFrom, 'statusFrom')
    } catch (error) {
      throw new TopspinError('BAD_OPTION', (error as Error).message, detail)
    }
  }

  /** Whether the URL is that of the page; such a request is served here. */
  isFor(url: string): boolean {
    const { statusPath } = this.#options
    if (!url.startsWith(statusPath)) return false
    return url.length === statusPath.length || url[statusPath.length] === '?'
  }

  /** @returns false when the application answers the path. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || !this.#isAllowed(plainAddress(request.socket.remoteAddress ?? ''))) return false
    const { contentType, body } = statusAnswer(this.#options.report(), request.headers.accept)
    response.writeHead(200, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }
}
