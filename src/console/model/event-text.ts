// Events in words, and runs of events that belong together as one.

import type { ApiEvent } from './api.ts'
import { listText } from './format.ts'

/** Told elsewhere in the line. */
const hidden: readonly string[] = ['route', 'contexts', 'more', 'by', 'from', 'role', 'nodes']

const causes: Readonly<Record<string, string>> = {
  node: 'by itself',
  operator: 'by an operator',
  configuration: 'by the configuration',
  proxy: 'by a check of the proxy',
}

/** A sentence: `c: context enabled (/, /shop)`. */
export function textOf({ message, detail }: ApiEvent): string {
  if (message === 'operator action') return actionText(detail)
  const paths = detail['contexts']
  const shown = Array.isArray(paths) ? ` ${listText(paths.map(String))}` : ''
  return `${message}${shown}`
}

function actionText(detail: ApiEvent['detail']): string {
  const { action, node, domain, context, reason } = detail
  const where = [
    context === undefined ? '' : `context ${String(context)}`,
    node === undefined ? '' : `node ${String(node)}`,
    domain === undefined ? '' : `domain ${String(domain)}`,
  ].filter((part) => part !== '')
  const why = reason === undefined ? '' : `: ${String(reason)}`
  return `operator: ${String(action)} ${where.join(' on ')}${why}`.trimEnd()
}

/** `by itself, from 10.0.0.7`. */
function causeOf({ detail }: ApiEvent): string {
  const { by, from, name } = detail
  const cause =
    typeof by === 'string' ? (causes[by] ?? by) : typeof name === 'string' ? `by ${name}` : ''
  const origin = typeof from === 'string' && from !== '' ? `from ${from}` : ''
  return [cause, origin].filter((part) => part !== '').join(', ')
}

/** The further fields, as `reason connection refused`. */
const factsOf = ({ message, detail }: ApiEvent): string =>
  Object.entries(detail)
    .filter(([name]) => !hidden.includes(name))
    .filter(([name]) => message !== 'operator action' || !ofActions.includes(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')

/** Of an action, its text has them. */
const ofActions: readonly string[] = [
  'id',
  'action',
  'node',
  'domain',
  'context',
  'reason',
  'name',
  'before',
  'after',
]

export interface EventGroup {
  /** Of the newest event. */
  readonly id: number
  readonly at: number
  readonly level: ApiEvent['level']
  readonly route: string
  readonly text: string
  readonly cause: string
  readonly facts: string
}

/** Two events of one run are no further apart, ms. */
const togetherMs = 2_000

/** Events as lines, the newest first: changes of several contexts of a node at a time are one. */
export function groupsOf(events: readonly ApiEvent[]): readonly EventGroup[] {
  const groups: EventGroup[] = []
  let run: ApiEvent | undefined
  for (const event of events) {
    const joined = run === undefined ? undefined : joinedWith(run, event)
    if (joined !== undefined) groups.pop()
    run = joined ?? event
    groups.push(groupOf(run))
  }
  return groups.reverse()
}

/** One event as a line. */
export const groupOf = (event: ApiEvent): EventGroup => ({
  id: event.id,
  at: Date.parse(event.at),
  level: event.level,
  route: typeof event.detail['route'] === 'string' ? event.detail['route'] : '',
  text: textOf(event),
  cause: causeOf(event),
  facts: factsOf(event),
})

function joinedWith(run: ApiEvent, event: ApiEvent): ApiEvent | undefined {
  const [before, paths] = [run.detail['contexts'], event.detail['contexts']]
  const isSame =
    Array.isArray(before) &&
    Array.isArray(paths) &&
    run.message === event.message &&
    run.detail['route'] === event.detail['route'] &&
    run.detail['by'] === event.detail['by'] &&
    Date.parse(event.at) - Date.parse(run.at) <= togetherMs
  if (!isSame) return undefined
  return { ...event, detail: { ...event.detail, contexts: [...before, ...paths] } }
}
