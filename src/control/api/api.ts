// The JSON API below /api/v1: finds the endpoint of a request, checks who calls and what is sent, and answers. Loaded by
// the first request.

import type { z } from 'zod'
import type { FramedRequest } from '../../wire/mcmp/frame.ts'
import type { Actor } from '../identity.ts'
import type { MessageHandler } from '../message-handler.ts'
import type { ControlSettings } from '../options.ts'
import type { PageResponse } from '../page-response.ts'
import { queryOf } from '../parameters.ts'
import { RequestFollowers } from '../requests/request-followers.ts'
import type { Trends } from '../trends.ts'
import { apiPath } from './api-path.ts'
import type { Endpoint } from './endpoint.ts'
import { endpointsOf } from './endpoints.ts'
import { EventStreams } from './event-streams.ts'
import { problem } from './problem.ts'
import { parametersIn, pathParameters, schemas } from './schemas.ts'
import { Steering } from './steering.ts'

export class Api {
  readonly #endpoints: readonly Endpoint[]
  readonly #steering: Steering

  constructor(
    settings: ControlSettings,
    messages: MessageHandler,
    trends: Trends,
    isDraining: () => boolean,
  ) {
    const { events } = settings
    const streams = new EventStreams(settings, trends)
    const followers = new RequestFollowers(settings)
    const steering = new Steering(settings, messages)
    this.#steering = steering
    this.#endpoints = endpointsOf({
      settings,
      events,
      streams,
      trends,
      followers,
      steering,
      isDraining,
    })
  }

  /** See `Steering`. */
  stepDrains(): Promise<void> {
    return this.#steering.stepDrains()
  }

  /** Ends what goes on without a request. */
  close(): void {
    this.#steering.close()
  }

  async respond(request: FramedRequest, path: string, actor: Actor): Promise<PageResponse> {
    const found = this.#find(request.method, path.slice(apiPath.length))
    if ('status' in found) return found
    const { endpoint, segments } = found
    const parameters = readParameters(endpoint, segments)
    if ('problem' in parameters) return problem(400, parameters.problem)
    if (endpoint.role === 'operator' && actor.role !== 'operator')
      return problem(403, 'only for operators: from this machine, or with a secret or token')
    const text = queryOf(request.target)
    const query = readQuery(endpoint, text)
    if ('problem' in query) return problem(400, query.problem)
    const body = readBody(endpoint, request)
    if ('problem' in body) return problem(body.status, body.problem)
    const lastEventId = request.fields.get('last-event-id')?.[0] ?? ''
    return endpoint.handle({
      parameters: parameters.value as Readonly<Record<string, unknown>>,
      query: query.value as Readonly<Record<string, unknown>>,
      text,
      body: body.value,
      actor,
      lastEventId,
    })
  }

  #find(
    name: string,
    path: string,
  ): { endpoint: Endpoint; segments: readonly string[] } | PageResponse {
    const method = name === 'HEAD' ? 'GET' : name
    const allowed: string[] = []
    for (const endpoint of this.#endpoints) {
      const segments = segmentsOf(endpoint.path, path)
      if (segments === undefined) continue
      if (endpoint.method === method) return { endpoint, segments }
      allowed.push(endpoint.method)
    }
    if (allowed.length > 0)
      return problem(405, `must be sent by ${allowed.join(' or ')}`, { Allow: allowed.join(', ') })
    return problem(404, `no such resource; ${apiPath}/openapi.json lists all`)
  }
}

/** What stands for each `{name}` of a template, in order; `undefined` when the path does not fit. */
function segmentsOf(template: string, path: string): readonly string[] | undefined {
  const [wanted, given] = [template.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const segments: string[] = []
  for (const [at, part] of wanted.entries()) {
    const segment = given[at] ?? ''
    if (part.startsWith('{')) segments.push(segment)
    else if (part !== segment) return undefined
  }
  return segments
}

type Read = { readonly value: unknown } | { readonly problem: string }

function readParameters({ path }: Endpoint, segments: readonly string[]): Read {
  const values: Record<string, unknown> = {}
  for (const [at, name] of parametersIn(path).entries()) {
    const text = decoded(segments[at] ?? '')
    if (text === undefined) return { problem: `${name}: is not UTF-8 in percent-encoding` }
    const read = checked(pathParameters[name], text, name)
    if ('problem' in read) return read
    values[name] = read.value
  }
  return { value: values }
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function readQuery({ query }: Endpoint, text: string): Read {
  if (query === undefined)
    return text === '' ? { value: {} } : { problem: 'this resource takes no query' }
  return checked(query, Object.fromEntries(new URLSearchParams(text)))
}

function readBody(
  { method, body }: Endpoint,
  request: FramedRequest,
): { readonly value: unknown } | { readonly status: 400 | 415; readonly problem: string } {
  if (method !== 'POST') return { value: undefined }
  // A form of a foreign web page cannot send this type, and a script of one needs a permission that is never given.
  const type = request.fields.get('content-type')?.[0] ?? ''
  if (!/^application\/json *(;|$)/i.test(type))
    return { status: 415, problem: 'must be sent with Content-Type: application/json' }
  if (body === undefined) return { value: undefined }
  try {
    const sent: unknown = JSON.parse(Buffer.from(request.body).toString('utf8'))
    const read = checked(schemas[body], sent)
    return 'problem' in read ? { status: 400, ...read } : read
  } catch {
    return { status: 400, problem: 'the body is not JSON' }
  }
}

/** @param place of the value; default: the whole of what was sent. */
function checked(schema: z.ZodType, value: unknown, ...place: readonly string[]): Read {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data }
  const problems = result.error.issues.map(({ path, message }) => {
    const names = [...place, ...path]
    return `${names.length === 0 ? '' : `${names.join('.')}: `}${message}`
  })
  return { problem: problems.slice(0, problemsShown).join('; ') }
}

const problemsShown = 10
