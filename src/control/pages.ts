// What the control listener answers besides MCMP: the manager page, the cluster as JSON, metrics, and health
// for orchestrators. Called by the responder for what may be answered.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { type Answer, jsonAnswer, textAnswer } from './answer.ts'
import type { ControlCounts } from './counts.ts'
import { frontPage } from './manager/front-page.ts'
import { Manager, managerPaths } from './manager/manager.ts'
import { queryOf } from './manager/parameters.ts'
import type { ControlSettings } from './options.ts'
import type { PrometheusText } from './prometheus.ts'
import { questionOf } from './question.ts'
import type { Receiver } from './receive.ts'
import { statusReport } from './status-report.ts'

/** Those that need no secret: they tell an orchestrator that this process lives, and nothing else. */
const openPaths: readonly string[] = ['/livez', '/readyz']

const paths: readonly string[] = [
  ...openPaths,
  ...managerPaths,
  '/',
  '/metrics',
  '/api/status',
  '/api/explain',
]

/** The path of a target in either form, without its query. */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? ''
  return path === '' ? '/' : path
}

export const isOpenPage = (target: string): boolean => openPaths.includes(pathOf(target))

/** Whether a request is a form that changes something. */
export const isAction = ({ method, target }: FramedRequest): boolean =>
  method === 'POST' && managerPaths.includes(pathOf(target))

/** Whether there is a page for a target. */
export const isPage = (target: string): boolean => paths.includes(pathOf(target))

export class Pages {
  readonly #settings: ControlSettings
  readonly #counts: ControlCounts
  readonly #manager: Manager
  #prometheus: PrometheusText | undefined
  draining = false

  constructor(settings: ControlSettings, counts: ControlCounts, receiver: Receiver) {
    this.#settings = settings
    this.#counts = counts
    this.#manager = new Manager(settings, receiver)
  }

  async answer(request: FramedRequest): Promise<Answer> {
    const { method } = request
    const path = pathOf(request.target)
    if (method !== 'GET' && method !== 'HEAD' && !isAction(request))
      return textAnswer(501, 'method not implemented')
    if (managerPaths.includes(path)) return this.#manager.answer(request, path)
    switch (path) {
      case '/':
        return frontPage
      case '/livez':
        return textAnswer(200, 'alive')
      case '/readyz':
        return this.draining ? textAnswer(503, 'draining') : textAnswer(200, 'ready')
      case '/metrics':
        return this.#metrics()
      case '/api/status':
        return this.#status()
      case '/api/explain':
        return this.#explain(queryOf(request.target))
      default:
        return textAnswer(404, `there are ${paths.join(', ')}`)
    }
  }

  async #explain(query: string): Promise<Answer> {
    const question = questionOf(query)
    if (question === undefined)
      return textAnswer(
        400,
        'write /api/explain?url=http%3A%2F%2FHOST%2FPATH, and &cookie= or &client=',
      )
    const explanation = await this.#settings.traffic.explain(question)
    if (explanation === undefined) return textAnswer(503, 'no traffic process answers')
    return jsonAnswer(200, explanation)
  }

  async #metrics(): Promise<Answer> {
    await this.#settings.traffic.refresh()
    const { PrometheusText } = await import('./prometheus.ts')
    this.#prometheus ??= new PrometheusText(this.#settings, this.#counts)
    return {
      status: 200,
      contentType: this.#prometheus.contentType,
      body: await this.#prometheus.body(),
    }
  }

  async #status(): Promise<Answer> {
    const { registry, live, clock, traffic, state } = this.#settings
    await traffic.refresh()
    const now = clock.now()
    const { draining } = this
    return jsonAnswer(
      200,
      statusReport(
        registry.snapshot,
        live,
        now,
        draining,
        traffic.workers(),
        traffic.counts(),
        state(),
      ),
    )
  }
}
