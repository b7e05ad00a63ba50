// The pages of the control listener: the manager page, the cluster as JSON, metrics, and health checks for
// orchestrators. Called by the responder for requests that are not messages.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import type { Api } from './api/api.ts'
import { apiPath, isApiPath } from './api/api-path.ts'
import type { Caller } from './caller.ts'
import type { ControlCounts } from './counts.ts'
import { frontPage } from './manager/front-page.ts'
import { Manager, managerPaths } from './manager/manager.ts'
import type { MessageHandler } from './message-handler.ts'
import { contentTypes, formatFor } from './metrics-text.ts'
import { operationPaths, respondToOperation } from './operations.ts'
import type { ControlSettings } from './options.ts'
import { jsonResponse, type PageResponse, textResponse } from './page-response.ts'
import { explainQuestion, queryOf } from './parameters.ts'
import { PrometheusText } from './prometheus.ts'
import { statusReport } from './status-report.ts'

/** These need no secret: they show an orchestrator that the process is alive, and nothing else. */
const openPaths: readonly string[] = ['/livez', '/readyz']

const paths: readonly string[] = [
  ...openPaths,
  ...managerPaths,
  '/',
  '/metrics',
  '/api/status',
  '/api/explain',
  ...operationPaths,
]

/** The path of a target in origin or absolute form, without its query. */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? ''
  return path === '' ? '/' : path
}

/** Whether a target needs no secret. */
export const isOpenPage = (target: string): boolean => openPaths.includes(pathOf(target))

/** Whether a request is a form that changes something. */
export const isAction = ({ method, target }: FramedRequest): boolean =>
  method === 'POST' &&
  (managerPaths.includes(pathOf(target)) ||
    operationPaths.includes(pathOf(target)) ||
    isApiPath(pathOf(target)))

/** Whether there is a page for a target. */
export const isPage = (target: string): boolean =>
  paths.includes(pathOf(target)) || isApiPath(pathOf(target))

export class Pages {
  readonly #settings: ControlSettings
  readonly #manager: Manager
  readonly #messages: MessageHandler
  readonly #prometheus: PrometheusText
  #api: Api | undefined
  #isDraining = false

  constructor(settings: ControlSettings, counts: ControlCounts, messages: MessageHandler) {
    this.#settings = settings
    this.#messages = messages
    this.#prometheus = new PrometheusText(settings, counts)
    this.#manager = new Manager(settings, messages)
  }

  /** From now on the proxy is not ready. */
  drain(): void {
    this.#isDraining = true
  }

  async respond(request: FramedRequest, caller: Caller): Promise<PageResponse> {
    const { method } = request
    const { access, operations } = this.#settings
    const path = pathOf(request.target)
    if (isApiPath(path)) return (await this.#loadedApi()).respond(request, path, caller)
    if (method !== 'GET' && method !== 'HEAD' && !isAction(request))
      return textResponse(501, 'method not implemented')
    if (operationPaths.includes(path))
      return method === 'POST'
        ? respondToOperation(path, caller, operations, access.secret !== '')
        : textResponse(405, 'must be sent by POST', { Allow: 'POST' })
    if (managerPaths.includes(path)) return this.#manager.respond(request, path, caller.remote)
    switch (path) {
      case '/':
        return frontPage
      case '/livez':
        return textResponse(200, 'alive')
      case '/readyz':
        return this.#isDraining ? textResponse(503, 'draining') : textResponse(200, 'ready')
      case '/metrics':
        return this.#metrics(request)
      case '/api/status':
        return this.#status()
      case '/api/explain':
        return this.#explain(queryOf(request.target))
      default:
        return textResponse(
          404,
          `not found; the pages are ${paths.join(', ')}, ${apiPath}/openapi.json`,
        )
    }
  }

  async #loadedApi(): Promise<Api> {
    const { Api } = await import('./api/api.ts')
    this.#api ??= new Api(this.#settings, this.#messages, () => this.#isDraining)
    return this.#api
  }

  async #metrics({ fields }: FramedRequest): Promise<PageResponse> {
    await this.#settings.traffic.refresh()
    const format = formatFor((fields.get('accept') ?? []).join(','))
    const body = await this.#prometheus.body(format)
    return { status: 200, contentType: contentTypes[format], body }
  }

  async #status(): Promise<PageResponse> {
    const { registry, live, clock, traffic, state } = this.#settings
    await traffic.refresh()
    return jsonResponse(
      statusReport(registry.snapshot, live, clock.now(), {
        draining: this.#isDraining,
        workers: traffic.workers(),
        counts: traffic.counts(),
        state: state(),
      }),
    )
  }

  async #explain(query: string): Promise<PageResponse> {
    const question = explainQuestion(query)
    if (question === undefined)
      return textResponse(
        400,
        'url is missing or not a URL; write /api/explain?url=http%3A%2F%2FHOST%2FPATH, optionally with &cookie= and &client=',
      )
    const explanation = await this.#settings.traffic.explain(question)
    if (explanation === undefined) return textResponse(503, 'no traffic process answered')
    return jsonResponse(explanation)
  }
}
