// The OpenAPI 3.1 description of the API, from its endpoints and schemas. Pure.

import { z } from 'zod'
import { apiPath } from './api-path.ts'
import type { Endpoint } from './endpoint.ts'
import { parametersIn, pathParameters, type SchemaName, schemas } from './schemas.ts'

/** The answers that every endpoint may give. */
const common: readonly (readonly [string, string])[] = [
  ['400', 'The request does not fit its schema.'],
  ['401', 'The secret is missing or wrong.'],
  ['403', 'The caller may not do this, or asks under a foreign name.'],
  ['503', 'Too many requests at a time.'],
]

export function openApi(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const endpoint of endpoints) {
    const path = `${apiPath}${endpoint.path}`
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Topspin',
      version: '1',
      description:
        'The state of a proxy and the actions of operators. Requests by POST need `Content-Type: application/json`.',
    },
    security: [{}, { secret: [] }],
    paths,
    components: {
      securitySchemes: { secret: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]),
      ),
    },
  }
}

function operationOf({ id, summary, path, query, body, answers }: Endpoint): object {
  return {
    operationId: id,
    summary,
    parameters: [...parametersOf(path), ...queryParameters(query)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(common.map(([status, description]) => [status, failure(description)])),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, name]) => [
          status,
          name === 'Problem'
            ? failure('See `detail`.')
            : { description: status === '200' ? 'Done.' : 'Not done.', content: contentOf(name) },
        ]),
      ),
      ...(Object.keys(answers).length === 0
        ? { 200: { description: 'Done.', content: { 'application/json': {} } } }
        : {}),
    },
  }
}

const failure = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: reference('Problem') } },
})

const contentOf = (name: SchemaName | 'text/event-stream'): object =>
  name === 'text/event-stream'
    ? { [name]: { schema: { type: 'string' } } }
    : { 'application/json': { schema: reference(name) } }

const reference = (name: SchemaName): object => ({ $ref: `#/components/schemas/${name}` })

const parametersOf = (path: string): readonly object[] =>
  parametersIn(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: jsonSchemaOf(pathParameters[name]),
  }))

function queryParameters(query: z.ZodType | undefined): readonly object[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = jsonSchemaOf(query)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output' })
  return rest as JsonSchema
}
