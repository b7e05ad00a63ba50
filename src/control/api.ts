// The plain GET requests of the control listener: health for orchestrators, metrics, and the cluster as
// JSON. Called by the listener for what is not MCMP.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import type { Metrics } from './metrics.ts'
import type { ControlSettings } from './options.ts'
import { statusReport } from './status-report.ts'

export interface ApiAnswer {
  readonly status: '200 OK' | '404 Not Found' | '501 Not Implemented' | '503 Service Unavailable'
  readonly contentType: string
  readonly body: string
}

const text = (status: ApiAnswer['status'], body: string): ApiAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

export async function answerApi(
  request: FramedRequest,
  settings: ControlSettings,
  metrics: Metrics,
  draining: boolean,
): Promise<ApiAnswer> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text('501 Not Implemented', 'method not implemented')
  switch (request.target.split('?', 1)[0]) {
    case '/livez':
      return text('200 OK', 'alive')
    case '/readyz':
      return draining ? text('503 Service Unavailable', 'draining') : text('200 OK', 'ready')
    case '/metrics':
      await settings.refresh()
      return { status: '200 OK', contentType: metrics.contentType, body: await metrics.text() }
    case '/api/status': {
      await settings.refresh()
      const report = statusReport(
        settings.registry.snapshot,
        settings.live,
        settings.clock.now(),
        draining,
        settings.workers(),
        settings.counts(),
        settings.state(),
      )
      return {
        status: '200 OK',
        contentType: 'application/json',
        body: `${JSON.stringify(report)}\n`,
      }
    }
    default:
      return text('404 Not Found', 'there are /api/status, /metrics, /livez and /readyz')
  }
}

/** The whole HTTP response; without the body when only the head was asked for. */
export function writeAnswer(answer: ApiAnswer, keepAlive: boolean, headOnly: boolean): Uint8Array {
  const head = [
    `HTTP/1.1 ${answer.status}`,
    `Content-Type: ${answer.contentType}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `Connection: ${keepAlive ? 'Keep-Alive' : 'close'}`,
    `Content-Length: ${Buffer.byteLength(answer.body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${headOnly ? '' : answer.body}`)
}
