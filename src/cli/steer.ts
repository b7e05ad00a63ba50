// `topspin enable`, `disable`, `stop` and `remove`: sends the message of that name for a node or one of its
// contexts, and says how things are then.

import type { ContextReport, NodeReport } from '../control/status-report.ts'
import type { AppMessage, AppMethod } from '../wire/mcmp/message.ts'
import { exitCodes } from './exit-codes.ts'
import type { SteerOptions } from './program.ts'
import { CommandFailure, withRemote } from './remote.ts'
import { contextsText } from './status-table.ts'
import type { SteerWord } from './steer-words.ts'

const methods: Readonly<Record<SteerWord, AppMethod>> = {
  enable: 'ENABLE-APP',
  disable: 'DISABLE-APP',
  stop: 'STOP-APP',
  remove: 'REMOVE-APP',
}

export const steer = (word: SteerWord, route: string, options: SteerOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const { context, alias, json } = options
    if (alias !== undefined && context === undefined)
      throw new CommandFailure('--alias needs --context', exitCodes.usage)
    const node = await remote.node(route)
    await remote.tell(steerMessage(methods[word], node, context, alias))
    const after = await remote.find(route)
    const contexts = after?.contexts ?? []
    const outcome = { command: word, route, registered: after !== undefined, contexts }
    process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : `${outcomeText(route, after)}\n`)
  })

/** @param context a path of the node; none: the whole node. @throws CommandFailure for one that it does not have. */
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
