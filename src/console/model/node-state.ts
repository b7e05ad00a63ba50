// The state of a node and of a context in a word, a shape and a tone.

import type { ApiContext, ApiNode, ContextStatus } from './api.ts'

/** `good` serves; `off` as somebody wants it; `wait` may serve later; `bad` needs a look. */
type Tone = 'good' | 'off' | 'wait' | 'bad'
export type Shape = 'full' | 'half' | 'hollow' | 'diamond' | 'triangle' | 'cross'

export interface State {
  readonly word: string
  readonly tone: Tone
  readonly shape: Shape
  /** A sentence without its subject: `is down: connection refused`. */
  readonly sentence: string
}

type Facts = Pick<
  ApiNode,
  'health' | 'reason' | 'loadFactor' | 'silent' | 'unconfirmed' | 'contexts' | 'backup' | 'ejected'
>

export function nodeState(node: Facts): State {
  if (node.health === 'down')
    return { ...states.down, sentence: `is down: ${node.reason ?? 'no reason known'}` }
  if (node.ejected) return states.ejected
  if (node.loadFactor === -1) return states.broken
  if (node.silent) return states.silent
  if (node.unconfirmed) return states.unconfirmed
  if (node.loadFactor === null) return states.starting
  if (node.loadFactor === 0) return states.standby
  const { contexts } = node
  if (contexts.length > 0 && contexts.every(({ status }) => status !== 'ENABLED'))
    return contexts.some(({ status }) => status === 'DISABLED') ? states.disabled : states.stopped
  if (node.health === 'suspect') return states.suspect
  if (node.health === 'unchecked') return states.unchecked
  return node.backup ? states.backup : states.up
}

const state = (word: string, tone: Tone, shape: Shape, sentence: string): State => ({
  word,
  tone,
  shape,
  sentence,
})

const states = {
  up: state('up', 'good', 'full', 'is up'),
  backup: state('backup', 'good', 'half', 'serves only while no other node can'),
  standby: state('standby', 'wait', 'half', 'is on standby: it reports load factor 0'),
  starting: state('starting', 'wait', 'diamond', 'has not reported a load factor yet'),
  unchecked: state('unchecked', 'wait', 'diamond', 'has not been checked yet'),
  unconfirmed: state(
    'unconfirmed',
    'wait',
    'diamond',
    'is known from the state file and has not reported since the proxy started',
  ),
  suspect: state('suspect', 'wait', 'triangle', 'did not answer the last check'),
  silent: state('silent', 'bad', 'triangle', 'has stopped reporting, and is on standby'),
  disabled: state('disabled', 'off', 'half', 'gets requests of its own sessions only'),
  stopped: state('stopped', 'off', 'hollow', 'gets no requests'),
  ejected: state('ejected', 'off', 'cross', 'gets no requests until it is readmitted'),
  broken: state('broken', 'bad', 'cross', 'reports that it is broken'),
  down: state('down', 'bad', 'cross', 'is down'),
} as const

export const contextStates: Readonly<Record<ContextStatus, State>> = {
  ENABLED: state('enabled', 'good', 'full', 'is enabled'),
  DISABLED: state('disabled', 'off', 'half', 'gets requests of its own sessions only'),
  STOPPED: state('stopped', 'off', 'hollow', 'gets no requests'),
}

/** Whose the status is, as `ordered by an operator`; '' where no operator has ordered anything. */
/** A path in one state, under all aliases that have it so. */
interface ContextPath extends Pick<ApiContext, 'path' | 'status' | 'order' | 'own'> {
  readonly aliases: readonly string[]
}

/** Contexts by their path: one that is the same under several aliases is one. */
export function pathsOf(contexts: readonly ApiContext[]): readonly ContextPath[] {
  const paths = new Map<string, ContextPath & { readonly aliases: string[] }>()
  for (const { alias, inFlight: _, ...context } of contexts) {
    const { path, status, order, own } = context
    const key = `${status} ${order} ${own} ${path}`
    const found = paths.get(key)
    if (found !== undefined) found.aliases.push(alias)
    else paths.set(key, { ...context, aliases: [alias] })
  }
  return [...paths.values()]
}

export function whoseStatus({
  status,
  order,
  own = status,
}: Pick<ApiContext, 'status' | 'order' | 'own'>): string {
  if (order === undefined) return ''
  if (own === order) return 'by the node, and by order of an operator'
  return status === order
    ? `by order of an operator (the node says ${contextStates[own].word})`
    : `by the node (an operator has ordered ${contextStates[order].word})`
}
