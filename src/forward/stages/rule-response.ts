// Still stage 7: what the rule of a request does to its response: header fields, and the way back of the path.

import { hostPortText } from '../../base/host-port.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { fieldLine } from '../../wire/http/field-lines.ts'
import { SET_COOKIE } from '../../wire/http/field-name.ts'
import { isAmong } from '../../wire/http/head-edits.ts'
import type { RequestState, ResponseStage } from '../exchange-state.ts'
import { ownFields, type Refusal, withoutLines } from '../refusal.ts'
import type { CompressedReceiver } from '../rules/compressor.ts'
import { pageFor } from '../rules/error-page.ts'
import { clientCookie, clientLocation, type PrefixChange } from '../rules/prefix-change.ts'
import { beginCompression } from './compress.ts'
import { noLine, rewriteHead } from './head-rewrite.ts'

const located: readonly Buffer[] = [Buffer.from('location'), Buffer.from('content-location')]

/**
 * Changes the head of the response as if the node had sent it so, and begins to compress its body.
 * @returns the result of parsing the changed head: negative when it is too large.
 */
export function editResponse(
  state: ResponseStage,
  candidate: Candidate,
  receiver: CompressedReceiver,
): number {
  const edited = editFields(state, candidate)
  return edited < 0 ? edited : beginCompression(state, receiver)
}

function editFields({ request, response }: ResponseStage, candidate: Candidate): number {
  const { rule, prefixChange, ruleValues } = request
  const edits = rule?.responseEdits
  if (edits === undefined && prefixChange === undefined) return 0
  const { fields } = response.head
  const nodeNames = prefixChange === undefined ? [] : namesOf(candidate, rule?.settings.host)
  const { route, host, port } = candidate.node
  const added =
    edits?.lines(ruleValues && { ...ruleValues, route, node: hostPortText({ host, port }) }) ??
    noLine
  return rewriteHead(
    response.head,
    (f) => {
      if (isAmong(fields.bytes, fields.nameFrom(f), fields.nameTo(f), edits?.removed ?? []))
        return noLine
      const value =
        prefixChange === undefined ? undefined : clientValue(fields, f, prefixChange, nodeNames)
      return value === undefined ? undefined : fieldLine(fields.name(f), value)
    },
    added,
  )
}

/** Other names under which the node may mean itself. */
function namesOf({ node }: Candidate, host: string | undefined): readonly string[] {
  const address = hostPortText(node).toLowerCase()
  return host === undefined ? [address] : [address, host.toLowerCase()]
}

/** The value of a field with paths of the node in it, for the client; `undefined` for other fields. */
function clientValue(
  fields: ResponseStage['response']['head']['fields'],
  index: number,
  change: PrefixChange,
  nodeNames: readonly string[],
): string | undefined {
  if (fields.kinds[index] === SET_COOKIE) return clientCookie(fields.value(index), change)
  if (!isAmong(fields.bytes, fields.nameFrom(index), fields.nameTo(index), located))
    return undefined
  return clientLocation(fields.value(index), change, nodeNames)
}

/** A response of the proxy itself to a request that a rule applies to. */
export function dress(request: Readonly<RequestState>, refusal: Refusal): Refusal {
  const { rule, ruleValues } = request
  const edits = rule?.responseEdits
  const shown = withPage(request, refusal)
  if (edits === undefined) return shown
  const withheld = edits.removed.map(String)
  const kept = withoutLines(shown.lines ?? ownFields, new Set(withheld))
  return { ...shown, withheld, lines: kept + edits.lines(ruleValues).toString('latin1') }
}

/** With the error page of the rule. */
function withPage({ rule, id }: Readonly<RequestState>, refusal: Refusal): Refusal {
  const { status, code, body, location, lines = ownFields } = refusal
  if (rule?.errorPages === undefined || body !== undefined || location !== undefined) return refusal
  const page = pageFor(rule.errorPages, status)
  if (page === undefined) return refusal
  const typed = withoutLines(lines, contentType)
  return {
    ...refusal,
    body: page.render({ status, code, id }),
    lines: `Content-Type: ${page.contentType}\r\n${typed}`,
  }
}

const contentType: ReadonlySet<string> = new Set(['content-type'])
