// `topspin enable`, `disable`, `stop` and `remove`: sends the message of that name for a node or one of its contexts,
// and writes the state after it.

import type { ContextReport, NodeReport } from '../../control/status-report.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { type RemoteFlags, withRemote } from './remote.ts'
import { contextsText } from './status-table.ts'

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
    const node = await remote.node(route)
    await remote.send(steerMessage(methods[command], node, context, alias))
    const after = await remote.find(route)
    const contexts = after?.contexts ?? []
    const outcome = { command, route, registered: after !== undefined, contexts }
    process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : `${outcomeText(route, after)}\n`)
  })

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
  if (context === undefined) return { method, wildcard: true, route, aliases: [], contexts: [] }
  const isNamed = (row: ContextReport): boolean =>
    alias === undefined || row.alias.toLowerCase() === alias.toLowerCase()
  const aliases = node.contexts
    .filter((row) => row.path === context && isNamed(row))
    .map((row) => row.alias)
  if (aliases.length > 0) return { method, wildcard: false, route, aliases, contexts: [context] }
  const what = alias === undefined ? context : `${context} on ${alias}`
  const known = contextsText(node)
  throw new CommandFailure(`${route} has no context ${what}; it has ${known || 'none'}`)
}

const outcomeText = (route: string, node: NodeReport | undefined): string =>
  node === undefined ? `${route}: removed` : `${route}: ${contextsText(node) || 'no contexts'}`
