// `topspin enable`, `disable`, `stop`, `remove`, `eject`, `readmit` and `weight`: an action on a node, on a context of it, or on
// the nodes of a domain; writes the state after it.

import type { ActionRecord, ActionRequest } from '../../control/api/action.ts'
import type { ContextReport, NodeReport } from '../../control/status-report.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { print, printError, printJson } from '../output.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'
import { contextsText, plainContextsText } from './status-table.ts'

export interface SteerFlags extends RemoteFlags {
  readonly context?: string
  readonly alias?: string
  readonly domain?: string
  readonly reason?: string
}

type SteerCommand = Exclude<ActionRequest['action'], 'drain'>

/** @param route of a node; `undefined` with `--domain`. @param weight percent, for `weight`. */
export const steer = (
  command: SteerCommand,
  route: string | undefined,
  flags: SteerFlags,
  weight?: number,
): Promise<number> =>
  withRemote(flags, async (remote) => {
    const target = await targetOf(remote, command, route, flags)
    const record = await remote.post<ActionRecord>('/actions', {
      action: command,
      ...target,
      weight,
    })
    if (flags.json) return printJson(record)
    for (const { route: name, problem } of record.nodes) {
      if (problem !== null) printError(`topspin: ${name}: ${problem}\n`)
      else print(`${outcomeText(command, name, await remote.find(name))}\n`)
    }
  })

/** What an action is about. @throws CommandFailure when the flags name nothing that exists. */
export async function targetOf(
  remote: Remote,
  command: ActionRequest['action'],
  route: string | undefined,
  { context, alias, domain, reason }: SteerFlags,
): Promise<Omit<ActionRequest, 'action'>> {
  if ((route === undefined) === (domain === undefined))
    throw new CommandFailure('write the name of a node, or --domain NAME', exitCodes.usage)
  if (alias !== undefined && context === undefined)
    throw new CommandFailure('--alias needs --context', exitCodes.usage)
  if (route !== undefined) await checkNode(remote, command, route, context, alias)
  return { node: route, domain, context, alias, reason }
}

/** A node that is not registered can be ordered about only where there is an order for it already. */
async function checkNode(
  remote: Remote,
  command: ActionRequest['action'],
  route: string,
  context: string | undefined,
  alias: string | undefined,
): Promise<void> {
  const { orders } = (await remote.report()).report
  const isOrdered = orders.some((each) => each.route === route)
  if (isOrdered && command !== 'remove' && command !== 'drain') return
  const node = await remote.node(route)
  if (context === undefined || hasContext(node, context, alias)) return
  const what = alias === undefined ? context : `${context} on ${alias}`
  const known = contextsText(node)
  throw new CommandFailure(`${route} has no context ${what}; it has ${known || 'none'}`)
}

function hasContext({ contexts }: NodeReport, context: string, alias: string | undefined): boolean {
  const isNamed = (row: ContextReport): boolean =>
    alias === undefined || row.alias.toLowerCase() === alias.toLowerCase()
  return contexts.some((row) => row.path === context && isNamed(row))
}

function outcomeText(command: SteerCommand, route: string, node: NodeReport | undefined): string {
  if (node === undefined)
    return command === 'remove' ? `${route}: removed` : `${route}: not registered; order changed`
  if (command === 'weight')
    return node.weight === 100
      ? `${route}: gets all of its share`
      : `${route}: gets ${node.weight} % of its share`
  if (command === 'eject') return `${route}: ejected; topspin readmit ${route} puts it back`
  const rest =
    command === 'enable' && node.contexts.some(({ status, own = status }) => own !== 'ENABLED')
      ? '; enable ends orders of operators only, and the node itself has set the rest'
      : ''
  return `${route}: ${plainContextsText(node) || 'no contexts'}${rest}`
}
