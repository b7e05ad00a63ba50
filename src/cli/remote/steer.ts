// `topspin enable`, `disable`, `stop` and `remove`: sends the message of that name for a node or one of its contexts,
// and writes the state after it.

import type { ContextReport, NodeReport } from '../../control/status-report.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { contextOrder, nodeOrder } from '../../wire/mcmp/operator-messages.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'
import { contextsText, plainContextsText } from './status-table.ts'

export interface SteerFlags extends RemoteFlags {
  readonly context?: string
  readonly alias?: string
}

type SteerCommand = 'enable' | 'disable' | 'stop' | 'remove'

const methods: Readonly<Record<SteerCommand, AppMethod>> = {
  enable: 'ENABLE-APP',
  disable: 'DISABLE-APP',
  stop: 'STOP-APP',
  remove: 'REMOVE-APP',
}

export const steer = (command: SteerCommand, route: string, flags: SteerFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { context, alias, json } = flags
    if (alias !== undefined && context === undefined)
      throw new CommandFailure('--alias needs --context', exitCodes.usage)
    const message = await messageFor(remote, methods[command], route, context, alias)
    await remote.send(message)
    const after = await remote.find(route)
    const contexts = after?.contexts ?? []
    const outcome = { command, route, registered: after !== undefined, contexts }
    const text = outcomeText(command, route, after)
    process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : `${text}\n`)
  })

/** A node that is not registered can be ordered about only where there is an order for it already, which this changes. */
async function messageFor(
  remote: Remote,
  method: AppMethod,
  route: string,
  context: string | undefined,
  alias: string | undefined,
): Promise<AppMessage> {
  const orders = (await remote.report()).report.orders.find((each) => each.route === route)
  if (orders === undefined || method === 'REMOVE-APP')
    return steerMessage(method, await remote.node(route), context, alias)
  if (context === undefined) return nodeOrder(method, route)
  const named = orders.contexts.filter(({ path }) => path === context).map((each) => each.alias)
  const aliases = alias === undefined ? named : [alias]
  if (aliases.length === 0)
    throw new CommandFailure(`${route} is not registered, and ${context} has no order`)
  return contextOrder(method, route, aliases, context)
}

/**
 * @param context a path of the node; undefined: the whole node.
 * @throws CommandFailure for a context that the node does not have.
 */
function steerMessage(
  method: AppMethod,
  node: NodeReport,
  context: string | undefined,
  alias: string | undefined,
): AppMessage {
  const { route } = node
  if (context === undefined) return nodeOrder(method, route)
  const isNamed = (row: ContextReport): boolean =>
    alias === undefined || row.alias.toLowerCase() === alias.toLowerCase()
  const aliases = node.contexts
    .filter((row) => row.path === context && isNamed(row))
    .map((row) => row.alias)
  if (aliases.length > 0) return contextOrder(method, route, aliases, context)
  const what = alias === undefined ? context : `${context} on ${alias}`
  const known = contextsText(node)
  throw new CommandFailure(`${route} has no context ${what}; it has ${known || 'none'}`)
}

function outcomeText(command: SteerCommand, route: string, node: NodeReport | undefined): string {
  if (node === undefined)
    return command === 'remove' ? `${route}: removed` : `${route}: not registered; order changed`
  const rest =
    command === 'enable' && node.contexts.some(({ status, own = status }) => own !== 'ENABLED')
      ? '; enable ends orders of operators only, and the node itself has set the rest'
      : ''
  return `${route}: ${plainContextsText(node) || 'no contexts'}${rest}`
}
