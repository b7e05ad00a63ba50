// One operation of the API, as data: the router finds it, and the OpenAPI description lists it.

import type { z } from 'zod'
import type { Actor, Role } from '../identity.ts'
import type { PageResponse } from '../page-response.ts'
import type { SchemaName } from './schemas.ts'

export interface Endpoint {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1`, with `{name}` for a segment; the schema of each name is in `pathParameters`. */
  readonly path: string
  readonly summary: string
  readonly role: Role
  readonly query?: z.ZodType
  readonly body?: SchemaName
  /** The schema of the answer by its status, beside those that every endpoint may give. */
  readonly answers: Readonly<
    Partial<Record<PageResponse['status'], SchemaName | 'text/event-stream'>>
  >
  readonly handle: (input: Input) => PageResponse | Promise<PageResponse>
}

export interface Input {
  /** The parameters of the path, as their schemas give them. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** As the schema of the endpoint gives it. */
  readonly query: Readonly<Record<string, unknown>>
  /** The query as it came. */
  readonly text: string
  readonly body: unknown
  readonly actor: Actor
  /** `Last-Event-ID` of the request; '' when absent. */
  readonly lastEventId: string
}
