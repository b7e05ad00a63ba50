// Stage 5: the request as it is sent to the node. Its head is written once and kept for another attempt.

import type { Candidate } from '../../cluster/routes.ts'
import { fieldLine } from '../../wire/http/field-lines.ts'
import { COOKIE } from '../../wire/http/field-name.ts'
import { text } from '../../wire/http/fields.ts'
import { editHead } from '../../wire/http/head-edits.ts'
import { Out } from '../../wire/http/out.ts'
import { writeRequestHead } from '../../wire/http/outgoing-request.ts'
import { withoutCookie, withoutPathParameter } from '../../wire/session.ts'
import type { AttemptStage, ChoiceState } from '../exchange-state.ts'
import type { Rule } from '../rules/rule.ts'

/**
 * Head, and the first bytes of the body in bytes[request.end..end).
 * @param candidate `undefined` when the request waits for a usable node.
 * @returns the offset after the request, or a problem with its body.
 */
export function outgoing(
  state: AttemptStage,
  candidate: Candidate | undefined,
  bytes: Buffer,
  end: number,
): number {
  const { request, client, traffic } = state
  const { head } = request
  const strips = candidate !== undefined && leavesDomain(state.choice, candidate)
  const out = traffic.buffers.leaseOut()
  state.attempts.out = out
  writeRequestHead(
    {
      head,
      client,
      upgrade: request.upgrade?.protocols.join(', '),
      id: request.id === '' ? undefined : request.id,
      trace: request.trace,
      passesFolded: traffic.settings.underscores === 'pass' || passesClaims(state),
      target: strips ? strippedTarget(state) : undefined,
      cookie:
        strips || state.choice.sticky !== undefined ? strippedCookie(state, strips) : undefined,
      host: request.rule?.settings.host,
    },
    out,
  )
  if (request.rule !== undefined) ruleEdits(state, request.rule, out)
  const behind = request.body.relay(bytes, request.end, end, out)
  if (behind > request.end) state.attempts.bodyBytes = behind - request.end
  return behind
}

/**
 * The same head for a later attempt, whose node may be outside the domain of the session when the first one was not, or
 * was not known. Validated bytes are cut, none are added.
 */
export function outgoingAgain({ attempts, choice }: AttemptStage, candidate: Candidate): void {
  const { out } = attempts
  const { balancer } = choice
  if (out === undefined || !leavesDomain(choice, candidate)) return
  const text = out.content.toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n')
  const kept = fields.flatMap((field) => {
    if (!/^cookie:/i.test(field)) return [field]
    const value = withoutCookie(field.slice('cookie:'.length), balancer.cookie)
    return value === '' ? [] : [`Cookie: ${value}`]
  })
  const [method = '', target = '', version = ''] = line.split(' ')
  const stripped = withoutPathParameter(target, balancer.pathParameter)
  const head = [`${method} ${stripped} ${version}`, ...kept].join('\r\n')
  // In another buffer: a connection that failed may still hold the first one.
  const again = new Out(text.length)
  again.latin1(head + text.slice(headEnd))
  attempts.out = again
}

/** The fields that the rule sets and removes, behind those of the proxy. `out` has the head alone. */
function ruleEdits({ request, traffic }: AttemptStage, { requestEdits }: Rule, out: Out): void {
  const { ruleValues, prefixChange } = request
  const stripped = prefixChange?.stripped ?? ''
  if (requestEdits === undefined && stripped === '') return
  const lines = requestEdits?.lines(ruleValues) ?? nothing
  const removed = requestEdits?.removed ?? []
  const folds = traffic.settings.underscores !== 'pass'
  if (stripped === '') return editHead(out, { removed, folds, added: lines })
  const prefixLine = fieldLine('X-Forwarded-Prefix', stripped)
  const added = Buffer.concat([prefixLine, lines])
  editHead(out, { removed: [prefixName, ...removed], folds, added })
}

const prefixName = Buffer.from('x-forwarded-prefix')
const nothing = Buffer.alloc(0)

/** A request that is handed over reaches its peer as it would reach the application here, which judges its fields. */
function passesClaims({ choice, client }: AttemptStage): boolean {
  return choice.chooser !== undefined && client.trusted
}

/** StickySessionRemove: the session id has no meaning outside its domain (mcmp.md 3.3). */
function leavesDomain(choice: Readonly<ChoiceState>, candidate: Candidate): boolean {
  const { route, balancer, domain } = choice
  if (route === undefined || !balancer.stickyRemove) return false
  if (candidate.node.route === route) return false
  return domain === '' || candidate.node.domain !== domain
}

function strippedTarget({ request, choice }: AttemptStage): string {
  const { head } = request
  const target = text(head.fields.bytes, head.targetFrom, head.targetTo)
  return withoutPathParameter(target, choice.balancer.pathParameter)
}

/** @param ofSession the session id is removed, too. */
function strippedCookie({ request, choice }: AttemptStage, ofSession: boolean): string | undefined {
  const { head } = request
  if (head.cookie < 0) return undefined
  const { fields } = head
  const kept: string[] = []
  for (let f = head.cookie; f < fields.count; f++) {
    if (fields.kinds[f] !== COOKIE) continue
    let value = fields.value(f)
    if (ofSession) value = withoutCookie(value, choice.balancer.cookie)
    if (choice.sticky !== undefined) value = withoutCookie(value, choice.sticky.name)
    kept.push(value)
  }
  return kept.filter((value) => value !== '').join('; ')
}
