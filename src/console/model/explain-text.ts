// An explanation in sentences: which way a request goes, step by step, and what an answer of the proxy means.

import type { ApiCandidate, ApiExplanation, ApiStep } from './api.ts'
import { listText, milliseconds, numberText } from './format.ts'
import { contextStates, whoseStatus } from './node-state.ts'

/** The first two sentences: what happens, and what that means. */
export interface Verdict {
  readonly tone: 'good' | 'bad' | 'wait'
  readonly text: string
  readonly meaning: string
}

export function verdictOf({ refusal, node, why }: ApiExplanation): Verdict {
  if (refusal === null && node !== null)
    return { tone: 'good', text: `This request goes to node ${node}.`, meaning: sentence(why) }
  if (refusal === null) return { tone: 'wait', text: 'This request waits.', meaning: sentence(why) }
  const [status = '', code = ''] = refusal.split(' ')
  const meaning = meanings[code] ?? `${sentence(why)} The proxy answers itself; no node is asked.`
  return { tone: 'bad', text: `The proxy answers ${status} (${code}).`, meaning }
}

const meanings: Readonly<Record<string, string>> = {
  NO_CONTEXT:
    'No registered node has a context for this host and path. Compare both with the contexts of the nodes: a node may have left, or have registered under another alias.',
  NO_NODE:
    'The path is known, but no node that has it is usable now. The steps below show which node fell out where. The answer has Retry-After.',
  PATH_AMBIGUOUS:
    'Nodes could read this path in two ways that lead to different contexts, so that a rule for one could be evaded by the other. Write the path in its plain form.',
  QUEUE_FULL: 'All usable nodes have as many requests as they may, and their queues are full.',
}

export interface StepText {
  readonly name: string
  readonly text: string
  readonly rows: readonly StepRow[]
}

interface StepRow {
  readonly node: string
  readonly outcome: 'chosen' | 'kept' | 'out'
  readonly figures: string
  readonly why: string
}

/** What matched and what was recalled, before the cascade. */
export function openingOf(explanation: ApiExplanation): readonly string[] {
  const { context, session, insert, candidates } = explanation
  const { agreement, rule } = explanation
  const ruled = (rule?.did ?? []).map((did) => sentence(capital(did)))
  const together = agreement === '' ? [] : [sentence(capital(agreement))]
  if (context === null) return [...ruled, ...together]
  const has = `${candidates.length === 1 ? 'has' : 'have'}`
  const lines = [
    ...ruled,
    `The path belongs to context ${context.path} of balancer ${context.balancer}, which ${listText(candidates.map(({ node }) => node))} ${candidates.length === 0 ? 'has' : has}.`,
    sessionText(session),
  ]
  if (insert !== null)
    lines.push(
      insert.when === 'auto'
        ? `A response gets the proxy's own cookie ${insert.name} when the application begins a session without a route.`
        : `A response gets the proxy's own cookie ${insert.name} (${insert.when}).`,
    )
  lines.push(protocolText(explanation), ...together)
  return lines
}

function protocolText({ method, isIdempotent, protocols }: ApiExplanation): string {
  const node = protocols.node === null ? '' : `, the node ${protocols.node}`
  const again = isIdempotent
    ? 'may be sent again when an attempt fails'
    : 'is not sent again once a node may have begun it'
  return `Clients speak ${protocols.clients.join(' or ')}${node}. A ${method} ${again}.`
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

function sessionText({ present, by, route, domain, cookie }: ApiExplanation['session']): string {
  if (cookie !== null && !cookie.isValid)
    return `The cookie ${cookie.name} of the proxy is not valid here, and counts as absent.`
  if (!present) return 'The request has no session, so that any node may serve it.'
  if (route === null)
    return 'The request has a session, but the node that it names is not registered.'
  const means = by === null ? '' : ` (recognised by ${sources[by]})`
  const group = domain === '' ? '' : ` of domain ${domain}`
  return `The request has a session on node ${route}${group}${means}.`
}

const sources = {
  id: "the application's session id",
  cookie: "the proxy's own cookie",
  header: 'a header field',
  query: 'a query parameter',
} as const

export const stepsOf = (explanation: ApiExplanation): readonly StepText[] =>
  explanation.steps.map((step) => stepOf(step, explanation))

function stepOf(step: ApiStep, { candidates, node }: ApiExplanation): StepText {
  const { name, before, after, failure } = step
  const out = before.filter((each) => !after.includes(each))
  const reasons = new Map(step.reasons.map((reason) => [reason.node, reason]))
  const figures = new Map(step.figures)
  const facts = new Map(candidates.map((candidate) => [candidate.node, candidate]))
  const order = step.reasons.length > 0 ? step.reasons.map((reason) => reason.node) : before
  const rows = order.map((each): StepRow => {
    const outcome = !after.includes(each)
      ? 'out'
      : each === node && after.length === 1
        ? 'chosen'
        : 'kept'
    const own = reasons.get(each)
    const figure = figures.get(each)
    return {
      node: each,
      outcome,
      figures: own === undefined ? figureText(figure) : figuresOf(own),
      why: sentence(reasonOf(each, own?.why, name, outcome, facts.get(each))),
    }
  })
  return { name, text: stepText(step, out, failure), rows }
}

function stepText(
  { before, after }: ApiStep,
  out: readonly string[],
  failure: string | null,
): string {
  if (failure !== null) return `It failed (${failure}), and left the list as it was.`
  if (before.length === 0) return 'Nobody was left to choose from.'
  if (after.length === 0) return `Nobody is left: ${listText(out)} fell out.`
  const isMoved = out.length === 0 && before.join(' ') !== after.join(' ')
  if (isMoved) return `All ${before.length} stay, in another order: ${listText(after)}.`
  if (out.length === 0)
    return before.length === 1 ? `${listText(before)} stays.` : `All ${before.length} stay.`
  return `${out.length} of ${before.length} fell out: ${listText(out)}.`
}

/** @param told by the function; '' and `undefined`: it gives no reason. */
function reasonOf(
  node: string,
  told: string | undefined,
  name: string,
  outcome: StepRow['outcome'],
  candidate: ApiCandidate | undefined,
): string {
  const isOrdered = outcome === 'out' && candidate?.order !== undefined && /^usable/i.test(name)
  // Whose the status is, is known here alone.
  if (told === undefined || isOrdered) return outcome === 'out' ? fallOut(name, candidate) : ''
  return told.startsWith(`${node}: `) ? told.slice(node.length + 2) : told
}

/** For functions that give no reasons. */
function fallOut(name: string, candidate: ApiCandidate | undefined): string {
  if (candidate === undefined) return ''
  const kind = name.split(' ', 1)[0] ?? ''
  const { status, health, loadFactor } = candidate
  if (kind === 'usable') {
    if (status !== 'ENABLED') {
      const whose = whoseStatus(candidate)
      return `its context is ${contextStates[status].word}${whose === '' ? '' : ` ${whose}`}`
    }
    if (health === 'down') return 'it is down'
    if (loadFactor === -1) return 'it reports that it is broken'
    return 'it was tried already, or is full'
  }
  return reasonsOfKinds[kind] ?? ''
}

const reasonsOfKinds: Readonly<Record<string, string>> = {
  bySession: 'the session belongs to another node',
  active: 'it is on standby or a backup, and others are active',
  byDomain: 'it is outside the domain of the session',
}

/** '' where the sentence has the figures. */
const figuresOf = ({ figures, why }: ApiStep['reasons'][number]): string =>
  /\d/.test(why) ? '' : figuresText(figures)

const figureText = (figure: number | undefined): string =>
  figure === undefined ? '' : numberText(figure)

const figureNames: Readonly<Record<string, string>> = { inFlight: 'in flight' }

/** The figures of `byRoom` that a reader can use, in words. */
function figuresText(figures: Readonly<Record<string, number>>): string {
  const { inHand, knee, ms, cost } = figures
  const parts = [
    inHand === undefined ? '' : `${numberText(inHand)} in hand`,
    knee === undefined ? '' : `room for ${numberText(knee)}`,
    ms === undefined ? '' : `usually ${milliseconds(ms)}`,
    cost === undefined ? '' : `one more adds ${milliseconds(cost)}`,
  ].filter((part) => part !== '')
  if (parts.length > 0) return parts.join(', ')
  return Object.entries(figures)
    .map(([name, value]) => `${figureNames[name] ?? name} ${numberText(value)}`)
    .join(', ')
}

/** With a full stop. The first word is often a name, and so keeps its letters. */
const sentence = (text: string): string => (text === '' || /[.!?]$/.test(text) ? text : `${text}.`)
