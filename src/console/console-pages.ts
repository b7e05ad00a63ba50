// The web console below /console/: one page with its script and style, which ask the JSON API of the same listener and
// nothing else. The control listener calls it after it has checked who asks.

import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { type Coding, type ConsoleFile, codings, readConsoleFiles } from './console-files.ts'

/** An answer, as the control listener writes it. */
export interface ConsoleAnswer {
  readonly status: 200 | 303 | 304 | 404 | 405 | 503
  readonly contentType: string
  readonly body: string | Buffer
  readonly fields: Readonly<Record<string, string>>
}

type Files = ReadonlyMap<string, ConsoleFile>

/** Scripts, styles and requests of this origin alone; no frames around it, no forms, no HTML from text. */
const policy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const guards: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
}

/** The web console, for `consolePages` of a control service. */
export class ConsolePages {
  readonly #folder: string | undefined
  #files: Promise<Files> | undefined

  /** @param folder of the files. Default: where the build puts them. */
  constructor(folder?: string) {
    this.#folder = folder
  }

  /** Called by the control service. @param path begins with `/console`. */
  async respond(request: FramedRequest, path: string): Promise<ConsoleAnswer> {
    const { method, fields } = request
    if (method !== 'GET' && method !== 'HEAD')
      return text(405, 'must be asked for by GET', { Allow: 'GET, HEAD' })
    if (path === '/console') return text(303, 'at /console/', { Location: '/console/' })
    const files = await this.#loaded()
    if (files.size === 0) {
      this.#files = undefined
      return text(503, 'the console is not built: run npm run build')
    }
    const name = path.slice('/console/'.length)
    const file = files.get(name === '' ? 'index.html' : name)
    if (file === undefined) return text(404, 'not found; the console is at /console/')
    const field = (wanted: string): string => (fields.get(wanted) ?? []).join(',')
    return fileAnswer(file, field('accept-encoding'), field('if-none-match'))
  }

  #loaded(): Promise<Files> {
    this.#files ??= readConsoleFiles(this.#folder)
    return this.#files
  }
}

function fileAnswer(file: ConsoleFile, accepted: string, known: string): ConsoleAnswer {
  const coding = codings.find((each) => file.coded.has(each) && accepts(accepted, each))
  const etag = `"${file.etag}${coding === undefined ? '' : `-${coding}`}"`
  const fields = {
    ...guards,
    ETag: etag,
    'Cache-Control': file.isFixed ? 'private, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
  }
  const { contentType } = file
  if (known.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))
    return { status: 304, contentType, body: '', fields }
  const body = coding === undefined ? file.plain : (file.coded.get(coding) ?? file.plain)
  const encoded = coding === undefined ? {} : { 'Content-Encoding': coding }
  return { status: 200, contentType, body, fields: { ...fields, ...encoded } }
}

/** Whether `Accept-Encoding` names a coding with a weight above 0 [RFC 9110 12.5.3]. */
const accepts = (field: string, coding: Coding): boolean =>
  field.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    return name === coding && !parameters.some((each) => /^q=0(\.0*)?$/.test(each))
  })

const text = (
  status: ConsoleAnswer['status'],
  line: string,
  fields: ConsoleAnswer['fields'] = {},
): ConsoleAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${line}\n`,
  fields,
})
