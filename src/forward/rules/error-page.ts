// Error pages of a rule: files that the proxy sends instead of its own line of text, with a few facts put in.

import { STATUS_CODES } from 'node:http'
import { escapeXml } from '../../wire/mcmp/xml.ts'
import type { ErrorPageSettings } from './rule-settings.ts'

interface Failure {
  readonly status: number
  readonly code: string
  /** '' without one. */
  readonly id: string
}

export interface ErrorPage {
  readonly contentType: string
  /** The body, one character per byte. */
  render(failure: Failure): string
}

/** What the characters of a value mean nothing in, by the end of the file's name. */
const kinds: ReadonlyMap<string, readonly [contentType: string, escape: (text: string) => string]> =
  new Map([
    ['html', ['text/html; charset=utf-8', escapeXml]],
    ['json', ['application/json', (text) => JSON.stringify(text).slice(1, -1)]],
    ['txt', ['text/plain; charset=utf-8', (text) => text]],
  ])

/** The ends of names of files that can be error pages. */
export const pageEnds: readonly string[] = [...kinds.keys()]

/** By status, and for all of a class by its first digit. */
export type ErrorPages = ReadonlyMap<number, ErrorPage>

export const errorPagesOf = (settings: readonly ErrorPageSettings[]): ErrorPages | undefined =>
  settings.length === 0
    ? undefined
    : new Map(settings.flatMap((entry) => entry.statuses.map((status) => [status, pageOf(entry)])))

/** The page of the status itself comes before that of its class. */
export const pageFor = (pages: ErrorPages, status: number): ErrorPage | undefined =>
  pages.get(status) ?? pages.get(Math.floor(status / 100))

function pageOf({ end, text }: ErrorPageSettings): ErrorPage {
  const [contentType, escaped] = kinds.get(end) ?? ['text/plain; charset=utf-8', (raw) => raw]
  const body = Buffer.from(text).toString('latin1')
  return {
    contentType,
    render: ({ status, code, id }) => {
      const facts: Readonly<Record<string, string>> = {
        status: String(status),
        reason: STATUS_CODES[status] ?? 'Error',
        code,
        requestId: id,
      }
      return body.replace(/\{(status|reason|code|requestId)\}/g, (_, name: string) =>
        escaped(facts[name] ?? ''),
      )
    },
  }
}
