// The manager page at /mod_cluster-manager (mcmp.md 6, decision 60): shows the cluster, and carries out what
// somebody asks for by POST with the page's token; by GET too, where the configuration says so. Called by the
// pages of the control listener.

import { randomUUID } from 'node:crypto'
import type { FramedRequest } from '../../wire/mcmp/frame.ts'
import type { AppMessage } from '../../wire/mcmp/message.ts'
import type { Reply } from '../../wire/mcmp/reply.ts'
import { type Answer, textAnswer } from '../answer.ts'
import type { ControlSettings } from '../options.ts'
import { sameSecret } from '../same-secret.ts'
import { actionOf, isCommand } from './action.ts'
import { failurePage, managerPage } from './page.ts'
import { type Parameters, queryOf, readParameters } from './parameters.ts'
import { pageFields } from './style.ts'
import { managerView } from './view.ts'

export const managerPaths: readonly string[] = ['/mod_cluster-manager', '/mod_cluster_manager']

/** Longest time between two looks of a page that asks again by itself, seconds. */
const refreshMax = 3_600
const refreshDefault = 10

/** What the manager has done by others. */
export interface Carrier {
  /** Carries a message out as if a node had sent it. */
  carryOut(
    message: AppMessage | { readonly method: 'INFO' | 'DUMP'; readonly xml: false },
  ): Promise<Reply>
}

export class Manager {
  readonly #settings: ControlSettings
  readonly #carrier: Carrier
  /** What a form must carry; only who can read the page knows it. */
  readonly #token: string = randomUUID()

  constructor(settings: ControlSettings, carrier: Carrier) {
    this.#settings = settings
    this.#carrier = carrier
  }

  async answer(request: FramedRequest, path: string): Promise<Answer> {
    const query = readParameters(queryOf(request.target))
    if (query === undefined) return textAnswer(400, 'a parameter without "="')
    if (request.method !== 'POST') return this.#look(query, path)
    const form = readParameters(Buffer.from(request.body).toString('utf8'))
    if (form === undefined) return textAnswer(400, 'a parameter without "="')
    return this.#post(new Map([...query, ...form]), path)
  }

  async #look(query: Parameters, path: string): Promise<Answer> {
    const command = (query.get('cmd') ?? '').toUpperCase()
    if (command === 'INFO' || command === 'DUMP') return this.#text(command)
    if (!isCommand(query)) return this.#page(query, path)
    if (!this.#settings.compat)
      return htmlAnswer(405, failurePage(path, 'actions are sent by POST'), { Allow: 'POST' })
    // As httpd does: without the token the parameters count for nothing.
    if (!this.#hasToken(query)) return this.#page(new Map(), path)
    const problem = await this.#act(query)
    return problem === undefined
      ? this.#page(query, path)
      : htmlAnswer(200, failurePage(path, problem))
  }

  async #post(parameters: Parameters, path: string): Promise<Answer> {
    if (!this.#hasToken(parameters))
      return htmlAnswer(403, failurePage(path, 'the page is too old; load it again'))
    if (!isCommand(parameters)) return htmlAnswer(400, failurePage(path, 'no command'))
    const problem = await this.#act(parameters)
    if (problem !== undefined) return htmlAnswer(409, failurePage(path, problem))
    return textAnswer(303, 'done', { Location: path })
  }

  readonly #hasToken = (parameters: Parameters): boolean =>
    sameSecret(parameters.get('nonce') ?? '', this.#token)

  /** What went wrong; `undefined` when nothing did. What was done before that stays done. */
  async #act(parameters: Parameters): Promise<string | undefined> {
    const action = actionOf(parameters, this.#settings.registry.snapshot)
    if (action.kind === 'problem') return action.text
    for (const message of action.messages) {
      const reply = await this.#carrier.carryOut(message)
      if (!reply.ok) return reply.text
      const { method, route, contexts } = message
      this.#settings.log.info({ method, route, contexts }, 'carried out for the manager page')
    }
    return undefined
  }

  async #page(query: Parameters, path: string): Promise<Answer> {
    const { registry, live, clock, traffic, compat } = this.#settings
    await traffic.refresh()
    const refresh = refreshOf(query)
    const options = { path, token: this.#token, byGet: compat, refresh }
    const text = managerPage(managerView(registry.snapshot, live, clock.now()), options)
    return htmlAnswer(200, text, refresh === undefined ? {} : { Refresh: String(refresh) })
  }

  async #text(method: 'INFO' | 'DUMP'): Promise<Answer> {
    const reply = await this.#carrier.carryOut({ method, xml: false })
    if (!reply.ok) return textAnswer(500, reply.text)
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: reply.body }
  }
}

function refreshOf(query: Parameters): number | undefined {
  const value = query.get('refresh')
  if (value === undefined) return undefined
  const seconds = Number.parseInt(value, 10)
  return seconds >= 1 ? Math.min(seconds, refreshMax) : refreshDefault
}

const htmlAnswer = (
  status: Answer['status'],
  body: string,
  fields: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  contentType: 'text/html; charset=utf-8',
  body,
  fields: { ...pageFields, ...fields },
})
