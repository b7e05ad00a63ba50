// Errors of the API as `application/problem+json` [RFC 9457]. Pure.

import { type PageResponse, reasonPhrases } from '../page-response.ts'

export function problem(
  status: PageResponse['status'],
  detail: string,
  fields: NonNullable<PageResponse['fields']> = {},
): PageResponse {
  const body = `${JSON.stringify({ title: reasonPhrases[status], status, detail })}\n`
  return { status, contentType: 'application/problem+json', body, fields }
}
