// The pages of the control listener: health for orchestrators, metrics, and the cluster as JSON. Called by
// the responder for what is not MCMP and may be answered.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { type Answer, jsonAnswer, textAnswer } from './answer.ts'
import type { Metrics } from './metrics.ts'
import type { ControlSettings } from './options.ts'
import { statusReport } from './status-report.ts'

/** Those that need no secret: they tell an orchestrator that this process lives, and nothing else. */
export const isOpenPage = (request: FramedRequest): boolean =>
  ['/livez', '/readyz'].includes(pathOf(request.target))

const pathOf = (target: string): string => target.split('?', 1)[0] ?? ''

export async function answerPage(
  request: FramedRequest,
  settings: ControlSettings,
  metrics: Metrics,
  draining: boolean,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return textAnswer(501, 'method not implemented')
  switch (pathOf(request.target)) {
    case '/livez':
      return textAnswer(200, 'alive')
    case '/readyz':
      return draining ? textAnswer(503, 'draining') : textAnswer(200, 'ready')
    case '/metrics':
      await settings.refresh()
      return { status: 200, contentType: metrics.contentType, body: await metrics.text() }
    case '/api/status': {
      await settings.refresh()
      const report = statusReport(
        settings.registry.snapshot,
        settings.live,
        settings.clock.now(),
        draining,
        settings.workers(),
        settings.counts(),
      )
      return jsonAnswer(200, report)
    }
    default:
      return textAnswer(404, 'there are /api/status, /metrics, /livez and /readyz')
  }
}
