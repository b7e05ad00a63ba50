// The pages of the control listener: the manager page, the cluster as JSON, metrics, and health checks for
// orchestrators. Called by the responder for requests that are not messages.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import type { Api } from './api/api.ts'
import { apiPath, isApiPath } from './api/api-path.ts'
import type { Caller } from './caller.ts'
import type { ControlCounts } from './counts.ts'
import type { Actor } from './identity.ts'
import { frontPage } from './manager/front-page.ts'
import { Manager, managerPaths } from './manager/manager.ts'
import type { MessageHandler } from './message-handler.ts'
import { contentTypes, formatFor, type MetricsFormat } from './metrics-text.ts'
import type { ControlSettings } from './options.ts'
import { jsonPieces, jsonText, type PageResponse, textResponse } from './page-response.ts'
import { queryOf } from './parameters.ts'
import { PrometheusText } from './prometheus.ts'
import { readinessOf } from './readiness.ts'
import { nodeReport, statusReport } from './status-report.ts'
import type { Trends } from './trends.ts'

/** These need no secret: they show an orchestrator that the process is alive, and nothing else. */
const openPaths: readonly string[] = ['/livez', '/readyz', '/startupz']

const paths: readonly string[] = [...openPaths, ...managerPaths, '/', '/metrics', '/api/status']

/** The path of a target in origin or absolute form, without its query. */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? ''
  return path === '' ? '/' : path
}

/** `/console`, and all paths below it. */
export const isConsolePath = (path: string): boolean => /^\/console(\/|$)/.test(path)

/** Whether a target needs no secret. */
export const isOpenPage = (target: string): boolean => openPaths.includes(pathOf(target))

/** Whether a request is a form that changes something. */
const isAction = ({ method, target }: FramedRequest): boolean =>
  method === 'POST' && (managerPaths.includes(pathOf(target)) || isApiPath(pathOf(target)))

/** Whether there is a page for a target. */
export const isPage = (target: string): boolean =>
  paths.includes(pathOf(target)) || isApiPath(pathOf(target)) || isConsolePath(pathOf(target))

/** A reader without a token may act by the manager page, as in httpd. */
const isKnownReader = (actor: Actor | undefined): boolean =>
  actor?.role === 'reader' && actor.name !== undefined

/** Whether the request may be an action of the manager page. */
const changes = ({ method, target }: FramedRequest): boolean =>
  method === 'POST' || /[?&]cmd=/i.test(target)

export class Pages {
  readonly #settings: ControlSettings
  readonly #manager: Manager
  readonly #messages: MessageHandler
  readonly #trends: Trends
  readonly #prometheus: PrometheusText
  #api: Api | undefined
  #isDraining = false

  constructor(
    settings: ControlSettings,
    counts: ControlCounts,
    messages: MessageHandler,
    trends: Trends,
  ) {
    this.#settings = settings
    this.#trends = trends
    this.#messages = messages
    this.#prometheus = new PrometheusText(settings, counts)
    this.#manager = new Manager(settings, messages)
  }

  /** From now on the proxy is not ready. */
  drain(): void {
    this.#isDraining = true
  }

  close(): void {
    this.#api?.close()
  }

  /** @param actor absent for pages that are open to all. */
  async respond(
    request: FramedRequest,
    caller: Caller,
    actor: Actor | undefined,
  ): Promise<PageResponse> {
    const { method } = request
    const { consolePages } = this.#settings
    const path = pathOf(request.target)
    if (isApiPath(path) && actor !== undefined)
      return (await this.#loadedApi()).respond(request, path, actor)
    if (isConsolePath(path) && consolePages !== undefined)
      return consolePages.respond(request, path)
    if (method !== 'GET' && method !== 'HEAD' && !isAction(request))
      return textResponse(501, 'method not implemented')
    if (managerPaths.includes(path) && isKnownReader(actor) && changes(request))
      return textResponse(403, 'only for operators')
    if (managerPaths.includes(path)) return this.#manager.respond(request, path, caller.remote)
    switch (path) {
      case '/':
        return frontPage
      case '/livez':
        return textResponse(200, 'alive')
      case '/readyz':
        return this.#readiness(request.target)
      case '/startupz':
        return textResponse(200, 'started')
      case '/metrics':
        return this.#metrics(request)
      case '/api/status':
        return this.#status()
      default:
        return textResponse(
          404,
          `not found; the pages are ${paths.join(', ')}, /console/, ${apiPath}/openapi.json`,
        )
    }
  }

  async #loadedApi(): Promise<Api> {
    const { Api } = await import('./api/api.ts')
    this.#api ??= new Api(this.#settings, this.#messages, this.#trends, () => this.#isDraining)
    return this.#api
  }

  async #readiness(target: string): Promise<PageResponse> {
    const { registry, live, clock, traffic, state, isReady: hasStarted } = this.#settings
    if (!this.#isDraining && !hasStarted()) return textResponse(503, 'starting')
    const now = clock.now()
    const isVerbose = new URLSearchParams(queryOf(target)).has('verbose')
    const { snapshot } = registry
    const nodes = isVerbose
      ? [...snapshot.nodes.values()].map((node) => nodeReport(node, snapshot, live, now))
      : []
    const facts = {
      isDraining: this.#isDraining,
      workers: traffic.workers(),
      nodes,
      state: state(),
    }
    const { isReady, text, lines } = readinessOf(facts)
    return textResponse(isReady ? 200 : 503, isVerbose ? lines.join('\n') : text)
  }

  async #metrics({ fields }: FramedRequest): Promise<PageResponse> {
    const format = formatFor((fields.get('accept') ?? []).join(','))
    return { status: 200, contentType: contentTypes[format], body: await this.#metricsBody(format) }
  }

  async metrics(): Promise<string> {
    const body = await this.#metricsBody('text')
    return body.toString()
  }

  async #metricsBody(format: MetricsFormat): Promise<Buffer> {
    await this.#settings.traffic.refresh()
    return this.#prometheus.body(format)
  }

  async #status(): Promise<PageResponse> {
    const { registry, live, clock, traffic, state, certificates } = this.#settings
    const { sharing, engines, sources, slices } = this.#settings
    await traffic.refresh()
    const report = statusReport(registry.snapshot, live, clock.now(), {
      draining: this.#isDraining,
      workers: traffic.workers(),
      counts: traffic.counts(),
      state: state(),
      sharing: sharing?.report(),
      engines: engines(),
      sources: sources(),
      certificates: certificates(),
    })
    return jsonText(await slices.text(jsonPieces(report)))
  }
}
