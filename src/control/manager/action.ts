// An action of the manager page, in httpd's parameters (mcmp.md 6): a command on a context, a node or a domain
// becomes the MCMP messages that carry it out. Pure.

import type { Context } from '../../cluster/context.ts'
import { findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import type { Parameters } from '../parameters.ts'

type Action =
  | { readonly kind: 'messages'; readonly messages: readonly AppMessage[] }
  | { readonly kind: 'problem'; readonly text: string }

const methods: ReadonlyMap<string, AppMethod> = new Map(
  (['ENABLE-APP', 'DISABLE-APP', 'STOP-APP', 'REMOVE-APP'] as const).map((name) => [name, name]),
)

/** Whether `Cmd` is a command that changes something. */
export const isCommand = (parameters: Parameters): boolean =>
  methods.has((parameters.get('cmd') ?? '').toUpperCase())

/** An unknown node, domain or context is a problem: the page never creates a context. */
export function actionOf(parameters: Parameters, snapshot: Snapshot): Action {
  const method = methods.get((parameters.get('cmd') ?? '').toUpperCase())
  if (method === undefined) return problem('SYNTAX: Command is not supported')
  const range = (parameters.get('range') ?? '').toUpperCase()
  if (range === 'DOMAIN') return domainAction(method, parameters.get('domain') ?? '', snapshot)
  const route = parameters.get('jvmroute') ?? ''
  const node = findNode(snapshot, route)
  if (node === undefined || node.removal !== 'none')
    return problem(`MEM: Can't read node with "${route}" JVMRoute`)
  if (range === 'NODE') return messages(nodeMessage(method, route))
  if (range !== 'CONTEXT') return problem('SYNTAX: Range is CONTEXT, NODE or DOMAIN')
  const path = parameters.get('context') ?? ''
  const aliases = (parameters.get('alias') ?? '').split(',')
  const rows = snapshot.contexts.get(node.id) ?? []
  const unknown = aliases.find((alias) => !has(rows, path, alias))
  if (unknown !== undefined) return problem(`MEM: ${route} has no context ${path} on "${unknown}"`)
  return messages({ method, wildcard: false, route, aliases, contexts: [path] })
}

function domainAction(method: AppMethod, domain: string, snapshot: Snapshot): Action {
  const nodes = [...snapshot.nodes.values()].filter(
    (node) => node.removal === 'none' && node.domain === domain,
  )
  if (nodes.length === 0) return problem(`MEM: No node has the domain "${domain}"`)
  return messages(...nodes.map((node) => nodeMessage(method, node.route)))
}

/** For all contexts of a node. */
const nodeMessage = (method: AppMethod, route: string): AppMessage => ({
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
