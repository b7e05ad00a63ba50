// The manager page at /mod_cluster-manager (mcmp.md 6, decision 60): shows the cluster, and carries out actions
// that are sent by POST with the page's token, with `compat` also by GET. Called by pages.ts.

import { randomUUID } from 'node:crypto'
import { plainAddress } from '../../net/address.ts'
import type { FramedRequest } from '../../wire/mcmp/frame.ts'
import { isSameSecret } from '../access.ts'
import type { MessageHandler } from '../message-handler.ts'
import type { ControlSettings } from '../options.ts'
import { type PageResponse, textResponse } from '../page-response.ts'
import { type Parameters, queryOf, readParameters } from '../parameters.ts'
import { actionOf, isCommand } from './action.ts'
import { failurePage, managerPage } from './page.ts'
import { htmlResponse } from './style.ts'
import { managerView } from './view.ts'

export const managerPaths: readonly string[] = ['/mod_cluster-manager', '/mod_cluster_manager']

/** Longest and default time between two automatic reloads of the page, seconds. */
const refreshMax = 3_600
const refreshDefault = 10

export class Manager {
  readonly #settings: ControlSettings
  readonly #messages: MessageHandler
  /** Part of every form: a page of another origin cannot read it. */
  readonly #token: string = randomUUID()

  constructor(settings: ControlSettings, messages: MessageHandler) {
    this.#settings = settings
    this.#messages = messages
  }

  /** @param path the one of `managerPaths` that was asked for. */
  /** @param remote address of the browser. */
  async respond(request: FramedRequest, path: string, remote: string): Promise<PageResponse> {
    const query = readParameters(queryOf(request.target))
    if (query === undefined) return badParameters
    if (request.method !== 'POST') return this.#get(query, path, remote)
    const form = readParameters(Buffer.from(request.body).toString('utf8'))
    if (form === undefined) return badParameters
    return this.#post(new Map([...query, ...form]), path, remote)
  }

  async #get(query: Parameters, path: string, remote: string): Promise<PageResponse> {
    const command = (query.get('cmd') ?? '').toUpperCase()
    if (command === 'INFO' || command === 'DUMP') return this.#tables(command)
    if (!isCommand(query)) return this.#page(query, path)
    if (!this.#settings.compat)
      return htmlResponse(405, failurePage(path, 'actions must be sent by POST'), { Allow: 'POST' })
    // As in httpd: without the token the parameters have no effect.
    if (!this.#hasToken(query)) return this.#page(new Map(), path)
    const problem = await this.#execute(query, remote)
    return problem === undefined
      ? this.#page(query, path)
      : htmlResponse(200, failurePage(path, problem))
  }

  async #post(parameters: Parameters, path: string, remote: string): Promise<PageResponse> {
    if (!this.#hasToken(parameters))
      return htmlResponse(403, failurePage(path, 'the page is out of date; reload it'))
    if (!isCommand(parameters)) return htmlResponse(400, failurePage(path, 'no command'))
    const problem = await this.#execute(parameters, remote)
    if (problem !== undefined) return htmlResponse(409, failurePage(path, problem))
    const refresh = refreshOf(parameters)
    const place = refresh === undefined ? path : `${path}?refresh=${refresh}`
    return textResponse(303, 'done', { Location: place })
  }

  readonly #hasToken = (parameters: Parameters): boolean =>
    isSameSecret(parameters.get('nonce') ?? '', this.#token)

  /** The problem, if there is one; messages that succeeded before it stay in force. */
  async #execute(parameters: Parameters, remote: string): Promise<string | undefined> {
    const action = actionOf(parameters, this.#settings.registry.snapshot)
    if (action.kind === 'problem') return action.text
    for (const message of action.messages) {
      const order = { ...message, sender: 'operator' } as const
      const reply = await this.#messages.execute(order, plainAddress(remote))
      if (!reply.ok) return reply.text
    }
    return undefined
  }

  async #page(query: Parameters, path: string): Promise<PageResponse> {
    const { registry, live, clock, traffic, compat, slices } = this.#settings
    await traffic.refresh()
    const refresh = refreshOf(query)
    const options = { path, token: this.#token, byGet: compat, refresh }
    const domains = managerView(registry.snapshot, live, clock.now())
    const page = await slices.text(managerPage(domains, options))
    return htmlResponse(200, page, refresh === undefined ? {} : { Refresh: String(refresh) })
  }

  async #tables(method: 'INFO' | 'DUMP'): Promise<PageResponse> {
    const reply = await this.#messages.execute({ method, xml: false })
    if (!reply.ok) return textResponse(500, reply.text)
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: reply.body }
  }
}

const badParameters: PageResponse = textResponse(400, 'bad parameters; write NAME=VALUE&...')

function refreshOf(query: Parameters): number | undefined {
  const value = query.get('refresh')
  if (value === undefined) return undefined
  const seconds = Number.parseInt(value, 10)
  return seconds >= 1 ? Math.min(seconds, refreshMax) : refreshDefault
}
