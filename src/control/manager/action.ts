// What somebody asks of the manager page, in the words of httpd's (mcmp.md 6): a command on a context, a node
// or a domain becomes the messages of the protocol that do it. Pure.

import type { Context } from '../../cluster/context.ts'
import { findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import type { Parameters } from './parameters.ts'

export type Action =
  | { readonly kind: 'messages'; readonly messages: readonly AppMessage[] }
  | { readonly kind: 'problem'; readonly text: string }

const methods: ReadonlyMap<string, AppMethod> = new Map(
  (['ENABLE-APP', 'DISABLE-APP', 'STOP-APP', 'REMOVE-APP'] as const).map((name) => [name, name]),
)

/** Whether `Cmd` is one that changes something. */
export const isCommand = (parameters: Parameters): boolean =>
  methods.has((parameters.get('cmd') ?? '').toUpperCase())

/** Names that do not exist are a problem: the page never creates a context. */
export function actionOf(parameters: Parameters, snapshot: Snapshot): Action {
  const method = methods.get((parameters.get('cmd') ?? '').toUpperCase())
  if (method === undefined) return problem('SYNTAX: Command is not supported')
  const range = (parameters.get('range') ?? '').toUpperCase()
  if (range === 'DOMAIN') return onDomain(method, parameters.get('domain') ?? '', snapshot)
  const route = parameters.get('jvmroute') ?? ''
  const node = findNode(snapshot, route)
  if (node === undefined || node.removal !== 'none')
    return problem(`MEM: Can't read node with "${route}" JVMRoute`)
  if (range === 'NODE') return messages(whole(method, route))
  if (range !== 'CONTEXT') return problem('SYNTAX: Range is CONTEXT, NODE or DOMAIN')
  const path = parameters.get('context') ?? ''
  const aliases = (parameters.get('alias') ?? '').split(',')
  const rows = snapshot.contexts.get(node.id) ?? []
  const strange = aliases.find((alias) => !has(rows, path, alias))
  if (strange !== undefined) return problem(`MEM: ${route} has no context ${path} on "${strange}"`)
  return messages({ method, wildcard: false, route, aliases, contexts: [path] })
}

function onDomain(method: AppMethod, domain: string, snapshot: Snapshot): Action {
  const nodes = [...snapshot.nodes.values()].filter(
    (node) => node.removal === 'none' && node.domain === domain,
  )
  if (nodes.length === 0) return problem(`MEM: No node has the domain "${domain}"`)
  return messages(...nodes.map((node) => whole(method, node.route)))
}

const whole = (method: AppMethod, route: string): AppMessage => ({
  method,
  wildcard: true,
  route,
  aliases: [],
  contexts: [],
})

const has = (rows: readonly Context[], path: string, alias: string): boolean =>
  rows.some((row) => row.path === path && row.alias.toLowerCase() === alias.toLowerCase())

const messages = (...all: readonly AppMessage[]): Action => ({ kind: 'messages', messages: all })
const problem = (text: string): Action => ({ kind: 'problem', text })
