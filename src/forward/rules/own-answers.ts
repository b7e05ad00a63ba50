// The responses that rules give without a node: redirects and fixed answers.

import { pathKey } from '../../cluster/context.ts'
import { escapedTarget } from '../../wire/http/escaped-target.ts'
import { fieldLine } from '../../wire/http/field-lines.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { Asked } from './asked.ts'
import type { AnswerSettings, MatchSettings, RedirectSettings } from './rule-settings.ts'
import { behindPrefix } from './target-prefix.ts'

/**
 * The location as an absolute URL, so that a path that begins with two slashes names no other host. 'no host' where the
 * request names none, 'ambiguous' where the path of the rule is not at the beginning of the target as it was sent.
 */
export function redirectLocation(
  { status: _, https, host, path, rest }: RedirectSettings,
  { paths, exact }: Pick<MatchSettings, 'paths' | 'exact'>,
  { head, isSecure }: Asked,
): { readonly url: string } | 'no host' | 'ambiguous' {
  const { fields, hostFrom, hostTo, targetFrom, targetTo } = head
  const asked = text(fields.bytes, hostFrom, hostTo)
  // The port for HTTP is not that for HTTPS.
  const authority = host ?? (https && !isSecure ? hostWithoutPort(asked) : asked)
  if (authority === '') return 'no host'
  let target = text(fields.bytes, targetFrom, targetTo)
  if (path !== undefined) {
    const behind = behindPrefix(fields.bytes, targetFrom, targetTo, paths)
    if (behind < 0) return 'ambiguous'
    const behindPath = rest ? text(fields.bytes, behind, targetTo) : ''
    // The slash of `/` is the whole path of an exact rule, and the beginning of the rest for any other one.
    const left = exact ? behindPath.replace(/^\//, '') : behindPath
    target = left.startsWith('/') ? pathKey(path) + left : path + left
  }
  const rooted = target.startsWith('/') ? target : `/${target.startsWith('?') ? target : ''}`
  const scheme = https || isSecure ? 'https' : 'http'
  return { url: `${scheme}://${authority}${escapedTarget(rooted)}` }
}

/** A fixed answer as `Refusal` has it. */
export interface OwnAnswer {
  readonly status: number
  readonly code: string
  readonly text: string
  readonly body: string
  readonly lines: string
}

/** @throws RangeError when a field is not canonical. */
export const ownAnswerOf = (answer: AnswerSettings): OwnAnswer => ({
  status: answer.status,
  code: 'RULE_ANSWER',
  text: 'answered by a rule',
  body: Buffer.from(answer.body).toString('latin1'),
  lines: answerLines(answer),
})

/** The lines, with the defaults of those that it does not set. */
function answerLines({ body, headers }: AnswerSettings): string {
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const defaults: readonly (readonly [string, string])[] = [
    ...(body === '' ? [] : [['Content-Type', 'text/plain; charset=utf-8'] as const]),
    ['Cache-Control', 'no-store'],
  ]
  return [...defaults.filter(([name]) => !names.has(name.toLowerCase())), ...headers]
    .map(([name, value]) => fieldLine(name, value).toString('latin1'))
    .join('')
}
