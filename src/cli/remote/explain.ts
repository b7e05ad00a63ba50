// `topspin explain URL`: the node that a request would go to now, and the list of candidates before and after each
// candidacy function. What does not fit the terminal is shortened.

import type { Explanation } from '../../control/explanation.ts'
import { contextStatusText } from '../../control/status-report.ts'
import type {
  CandidateFacts,
  ReasonFacts,
  RequestExplanation,
  StepFacts,
} from '../../forward/index.ts'
import { print, printJson } from '../output.ts'
import { fittedText } from '../table.ts'
import { wrapped } from '../wrapped.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

export interface ExplainFlags extends RemoteFlags {
  readonly method: string
  readonly cookie: string
  readonly client: string
  readonly header?: readonly string[]
  /** Everything, whatever the height of the terminal. */
  readonly verbose?: boolean
}

export const showExplanation = (url: string, flags: ExplainFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { cookie, client, method, header = [], json, verbose } = flags
    const query = new URLSearchParams({ url, method, cookie, client })
    for (const line of header) query.append('header', line)
    const explanation = await remote.get<Explanation>(`/explain?${query}`)
    if (json) printJson(explanation)
    else {
      const { columns, rows } = process.stdout
      print(explanationText(url, explanation, columns, verbose ? undefined : rows))
    }
  })

/** @param width of the terminal; default: any. @param height of it, lines; default: any. */
export function explanationText(
  url: string,
  explanation: Explanation,
  width?: number,
  height: number = Number.POSITIVE_INFINITY,
): string {
  const { context, candidates, steps } = explanation
  const opening = openingLines(url, explanation, width)
  if (context === null) return [...opening, ''].join('\n')
  const all = [
    ...opening,
    '',
    candidatesTable(candidates, width),
    '',
    stepsTable(steps, width).trimEnd(),
    ...steps.flatMap(({ name, reasons }) => reasonsText(name, reasons, width)),
    '',
  ].join('\n')
  // The prompt needs a line, too.
  if (linesIn(all) < height) return all
  return shortText(openingLines(url, explanation, width, true), explanation, width, height)
}

const linesIn = (text: string): number => text.split('\n').length - 1

/** Candidates that fell out, in a short text, and those that the last function compared. */
const fallenMax = 4
const comparedMin = 3

/** The functions, the candidates that fell out, and what the last function compared, as many as fit. */
function shortText(
  opening: readonly string[],
  { candidates, steps, node }: Explanation,
  width: number | undefined,
  height: number,
): string {
  const last = steps.findLast(({ reasons }) => reasons.length > 0)
  const left = last?.before ?? steps.at(-1)?.after ?? []
  const fallen = candidates.filter((candidate) => !left.includes(candidate.node))
  const short = steps.map((step) => ({
    ...step,
    before: shortNames(step.before),
    after: shortNames(step.after),
    figures: [],
  }))
  const parts = [...opening, '', stepsTable(short, width).trimEnd()]
  if (fallen.length > 0) parts.push('', candidatesTable(fallen.slice(0, fallenMax), width))
  // Blank line, titles, the line at the end, and the prompt.
  const room = height - linesIn(`${parts.join('\n')}\n`) - 4
  const rows = Math.max(comparedMin, room)
  const chosenFirst = (a: { node: string }, b: { node: string }): number =>
    Number(b.node === node) - Number(a.node === node)
  const reasons = (last?.reasons ?? []).toSorted(chosenFirst).slice(0, rows)
  const others = candidates
    .filter((candidate) => left.includes(candidate.node))
    .toSorted(chosenFirst)
    .slice(0, rows)
  if (last !== undefined) parts.push('', reasonsTable(last.name, reasons, width))
  else if (others.length > 0) parts.push('', candidatesTable(others, width))
  const compared = last === undefined ? others : reasons
  const shown = Math.min(fallen.length, fallenMax) + compared.length
  return `${parts.join('\n')}\n${shown} of ${candidates.length} candidates; --verbose shows all, and why.\n`
}

/** Names in a cell of a short table. */
const namesMax = 2

const shortNames = (names: readonly string[]): readonly string[] =>
  names.length <= namesMax
    ? names
    : [...names.slice(0, namesMax), `and ${names.length - namesMax} more`]

/** What becomes of the request, in sentences. @param isShort without what has no part in the choice. */
function openingLines(
  url: string,
  explanation: Explanation,
  width: number | undefined,
  isShort: boolean = false,
): readonly string[] {
  const { method, refusal, rule, context, session, insert, node, why } = explanation
  const outcome = outcomeText(node, refusal, why)
  const sentence = (text: string): string => wrapped(text, width, 2)
  const opening = [`${method} ${url} ${outcome}`, ...(rule?.did ?? [])].map(sentence)
  if (context === null) return opening
  return [
    ...opening,
    ...[
      ...(explanation.agreement === '' ? [] : [explanation.agreement]),
      ...(isShort ? [] : [protocolText(explanation)]),
      `context ${context.path} of balancer ${context.balancer}; ${sessionText(session)}`,
      ...(insert === null ? [] : [`cookie ${insert.name} of the proxy: ${insert.when}`]),
    ].map(sentence),
  ].flatMap((text) => text.split('\n'))
}

/** What is spoken on both sides, and whether the request survives a node that fails. */
function protocolText({ protocols, isIdempotent, method }: Explanation): string {
  const clients = `clients speak ${protocols.clients.join(' or ')}`
  const node = protocols.node === null ? '' : `, the node ${protocols.node}`
  const again = isIdempotent
    ? 'may be sent again when an attempt fails'
    : 'is not sent again once a node may have begun it'
  return `${clients}${node}; ${method} ${again}`
}

function outcomeText(node: string | null, refusal: string | null, why: string): string {
  if (node !== null) return `goes to ${node}: ${why}`
  return refusal === null ? `waits: ${why}` : `is answered by the proxy itself: ${refusal}, ${why}`
}

const candidatesTable = (candidates: readonly CandidateFacts[], width?: number): string =>
  fittedText(
    [
      { title: 'CANDIDATE' },
      { title: 'CONTEXT' },
      { title: 'HEALTH' },
      { title: 'LOAD FACTOR', align: 'right', rank: 1 },
      { title: 'IN FLIGHT', align: 'right' },
    ],
    candidates.map(({ node, health, loadFactor, inFlight, ...context }) => [
      node,
      contextStatusText(context),
      health,
      loadFactor === null ? '-' : String(loadFactor),
      String(inFlight),
    ]),
    width,
  ).trimEnd()

const stepsTable = (steps: readonly StepFacts[], width?: number): string =>
  fittedText(
    [{ title: 'FUNCTION' }, { title: 'BEFORE' }, { title: 'AFTER' }, { title: 'FIGURES' }],
    steps.map((step) => [
      step.failure === null ? step.name : `${step.name} (failed: ${step.failure})`,
      namesText(step.before),
      namesText(step.after),
      step.figures.map(([name, figure]) => `${name} ${Number(figure.toFixed(3))}`).join(', '),
    ]),
    width,
  )

/** The figures that a function went by, and its sentence about each candidate. */
function reasonsText(name: string, reasons: readonly ReasonFacts[], width?: number): string[] {
  if (reasons.length === 0) return []
  const sentences = reasons.map(({ why }) => wrapped(why, width, 2))
  return ['', reasonsTable(name, reasons, width), '', ...sentences]
}

/** @param reasons one at least. */
function reasonsTable(name: string, reasons: readonly ReasonFacts[], width?: number): string {
  const [first] = reasons as readonly [ReasonFacts]
  const names = Object.keys(first.figures).filter(
    (figure) => always.has(figure) || reasons.some(({ figures }) => isNews(figure, figures, first)),
  )
  return fittedText(
    [
      { title: name },
      ...names.map((figure) => ({
        title: titleOf(figure),
        align: 'right' as const,
        ...(always.has(figure) ? {} : { rank: 1 }),
      })),
    ],
    reasons.map(({ node, figures }) => [
      node,
      ...names.map((figure) => String(Number((figures[figure] ?? 0).toFixed(2)))),
    ]),
    width,
  ).trimEnd()
}

/** Figures that are shown even where all candidates have the same. */
const always: ReadonlySet<string> = new Set(['inHand', 'knee', 'ms', 'cost'])

/** Whether a candidate has another value than the first. */
const isNews = (figure: string, figures: ReasonFacts['figures'], first: ReasonFacts): boolean =>
  figures[figure] !== first.figures[figure]

/** Titles that say more than the name of the figure. */
const titles: ReadonlyMap<string, string> = new Map([
  ['knee', 'ROOM FOR'],
  ['ms', 'MS EACH'],
  ['usual', 'USUAL MS'],
  ['cost', 'ONE MORE ADDS MS'],
])

/** `IN HAND` for `inHand`. */
const titleOf = (figure: string): string =>
  titles.get(figure) ?? figure.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase()

const namesText = (names: readonly string[]): string => (names.length === 0 ? '-' : names.join(' '))

function sessionText({
  present,
  by,
  route,
  domain,
  cookie,
}: RequestExplanation['session']): string {
  const invalid = cookie?.isValid === false ? ` (the cookie ${cookie.name} is not valid)` : ''
  if (!present) return `no session${invalid}`
  const found = by === 'cookie' ? ` by the cookie ${cookie?.name}` : sources[by ?? 'id']
  const near = domain === '' ? '' : ` in domain ${domain}`
  if (route !== null) return `session of ${route}${near}${found}${invalid}`
  if (by === 'header' || by === 'query') return `session of no node yet${found}${invalid}`
  return `session of a node that is not registered${near}${found}${invalid}`
}

const sources = {
  id: '',
  cookie: '',
  header: ' by a header field',
  query: ' by a query parameter',
} as const
