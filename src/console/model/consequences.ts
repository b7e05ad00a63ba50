// What an action would do, in sentences, before somebody confirms it.

import type { ApiAction, ApiNode } from './api.ts'
import { counted, listText } from './format.ts'

export type ActionName =
  | 'enable'
  | 'disable'
  | 'stop'
  | 'remove'
  | 'drain'
  | 'eject'
  | 'readmit'
  | 'weight'

/** A node, or one of its contexts. */
export interface Target {
  readonly node: string
  readonly context?: string
  readonly alias?: string
}

const targetText = ({ node, context }: Target): string =>
  context === undefined ? `node ${node}` : `${context} on node ${node}`

const verbs: Readonly<Record<ActionName, string>> = {
  enable: 'Enable',
  disable: 'Disable',
  stop: 'Stop',
  remove: 'Remove',
  drain: 'Drain',
  eject: 'Eject',
  readmit: 'Readmit',
  weight: 'Weigh',
}

export const titleOf = (action: ActionName, target: Target): string =>
  `${verbs[action]} ${targetText(target)}`

/** @param others the other registered nodes. */
export function consequencesOf(
  action: ActionName,
  target: Target,
  node: ApiNode,
  others: readonly ApiNode[],
): readonly string[] {
  const takesAway = !['enable', 'readmit', 'weight'].includes(action)
  const unserved = takesAway ? pathsWithout(target, node, others) : []
  const warning =
    unserved.length === 0
      ? []
      : [
          `No other node serves ${listText(unserved)}: ${action === 'disable' ? 'requests without a session' : 'requests'} get 503.`,
        ]
  return [...sentences[action](node), ...warning]
}

const lasting = 'The order stays in force when the node restarts, until somebody ends it.'

const sentences: Readonly<Record<ActionName, (node: ApiNode) => readonly string[]>> = {
  enable: () => ['It gets requests again.'],
  disable: ({ sessions }) => [
    `Requests of its ${counted(sessions, 'session')} still go to it; all others go to other nodes.`,
    lasting,
  ],
  stop: ({ sessions, inFlight }) => [
    `It gets no further requests. ${counted(inFlight, 'request')} in flight may end.`,
    `${counted(sessions, 'session')} go on at other nodes, or begin anew where the application does not share them.`,
    lasting,
  ],
  remove: () => [
    'The proxy forgets it. A node that is alive registers again by itself.',
    'This cannot be undone here.',
  ],
  drain: ({ sessions, inFlight }) => [
    `New clients go to other nodes at once. Requests of its ${counted(sessions, 'session')} still come, until the sessions end or the time is over.`,
    `Then it is stopped: sessions that are left go on at other nodes, or begin anew where the application does not share them. Requests in flight, now ${inFlight}, may end.`,
    'You can cancel it at any time, and bring the node back afterwards.',
  ],
  eject: ({ inFlight }) => [
    `It gets no further requests at once. ${counted(inFlight, 'request')} in flight may end.`,
    'Its other orders stay as they are for the time when it is readmitted.',
  ],
  readmit: () => ['It gets requests again, as its other orders allow.'],
  weight: () => [
    'It gets this percentage of the share that it would get by its load factor. 100 is all of it.',
    lasting,
  ],
}

function pathsWithout(target: Target, node: ApiNode, others: readonly ApiNode[]): string[] {
  const paths =
    target.context === undefined ? node.contexts.map(({ path }) => path) : [target.context]
  const serves = (other: ApiNode, path: string): boolean =>
    other.balancer === node.balancer &&
    other.health !== 'down' &&
    other.contexts.some((context) => context.path === path && context.status === 'ENABLED')
  return [...new Set(paths)].filter((path) => !others.some((other) => serves(other, path)))
}

/** The last action on a node, as far as it still stands: it has not been undone. */
export const lastActionOn = (
  actions: readonly ApiAction[],
  route: string,
): ApiAction | undefined => {
  const undone = new Set(actions.map(({ undoes }) => undoes))
  return actions.findLast(
    ({ id, action, nodes }) =>
      action !== 'undo' && !undone.has(id) && nodes.some((each) => each.route === route),
  )
}

/** `by alice from 10.0.0.1 · kernel update`. */
export function byText({ by, reason }: ApiAction): string {
  const who = `by ${by.name ?? 'an operator'} from ${by.from}`
  return reason === undefined ? who : `${who} · ${reason}`
}

const past: Readonly<Record<string, string>> = {
  enable: 'enabled',
  disable: 'disabled',
  stop: 'stopped',
  remove: 'removed',
  drain: 'being drained',
  eject: 'ejected',
  readmit: 'readmitted',
  undo: 'as before',
}

/** `Node a is disabled.` */
export function doneText({ action, node, domain, context, nodes, weight }: ApiAction): string {
  const failed = nodes.filter(({ problem }) => problem !== null)
  const place =
    node !== undefined
      ? `node ${node}`
      : domain !== undefined
        ? `domain ${domain}`
        : counted(nodes.length, 'node')
  const what = context === undefined ? place : `${context} on ${place}`
  const state = action === 'weight' ? `has a weight of ${weight} %` : `is ${past[action] ?? action}`
  const done = `${what.charAt(0).toUpperCase()}${what.slice(1)} ${state}.`
  const [first] = failed
  return first === undefined
    ? done
    : `${done} Not on ${listText(failed.map(({ route }) => route))}: ${first.problem}`
}
