// Writes INFO: the state of the cluster for nodes (mcmp.md 1.6, decisions 45 to 48). parse-info.ts is the agent's parser.

import { hostText } from '../../base/host-port.ts'
import { type ContextStatus, statusNumber } from './context-status.ts'
import { element, escapeXml, xmlDeclaration } from './xml.ts'

export interface InfoNode {
  /** Row in the table. */
  readonly id: number
  readonly name: string
  readonly balancer: string
  readonly domain: string
  readonly host: string
  readonly port: number
  readonly type: string
  readonly flushPackets: 'off' | 'on' | 'auto'
  readonly flushWaitMs: number
  readonly pingMs: number
  readonly smax: number
  readonly ttlMs: number
  readonly elected: number
  readonly read: number
  readonly transferred: number
  readonly connected: number
  /** Load factor -1..100. */
  readonly load: number
}

/** An alias of a virtual host; aliases of one host have the same node and vhost. */
export interface InfoAlias {
  /** Row in the table. */
  readonly id: number
  readonly node: number
  readonly vhost: number
  readonly alias: string
}

export interface InfoContext {
  /** Row in the table. */
  readonly id: number
  readonly node: number
  readonly vhost: number
  readonly path: string
  readonly status: ContextStatus
  /** Where an operator has ordered something; left out of replies to nodes. */
  readonly order?: ContextOrders
}

/** The two parts of the status of a context. */
export interface ContextOrders {
  /** The node's own. */
  readonly own: ContextStatus
  readonly operator: ContextStatus
}

export interface Info {
  readonly nodes: readonly InfoNode[]
  readonly aliases: readonly InfoAlias[]
  readonly contexts: readonly InfoContext[]
}

const flushWord = { off: 'Off', on: 'On', auto: 'Auto' } as const
const seconds = (ms: number): number => Math.floor(ms / 1000)

/** The text form; '' for an empty cluster. Node lines are first: other lines refer to them. */
export function writeInfoText(info: Info): string {
  const nodes = info.nodes.map(
    (node) =>
      `Node: [${node.id}],${nodeFields(node)
        .map(([key, value]) => `${key}: ${value}`)
        .join(',')}\n`,
  )
  const aliases = info.aliases.map(
    ({ id, node, vhost, alias }) => `Vhost: [${node}:${vhost}:${id}], Alias: ${alias}\n`,
  )
  const contexts = info.contexts.map(
    ({ id, node, vhost, path, status, order }) =>
      `Context: [${node}:${vhost}:${id}], Context: ${path}, Status: ${status}${orderText(order)}\n`,
  )
  return [...nodes, ...aliases, ...contexts].join('')
}

/** The XML form. */
export function writeInfoXml(info: Info): string {
  const nodes = info.nodes.map((node) => {
    const [, ...fields] = nodeFields(node)
    return `<Node id="${node.id}" name="${escapeXml(node.name)}">${fields.map(([key, value]) => element(key, value)).join('')}</Node>`
  })
  const aliases = info.aliases.map(
    ({ node, vhost, alias }) =>
      `<Vhost id="${vhost}" alias="${escapeXml(alias)}"><Node id="${node}"/></Vhost>`,
  )
  const contexts = info.contexts.map(
    ({ id, node, vhost, path, status, order }) =>
      `<Context id="${id}"><Status id="${statusNumber[status]}"${orderAttributes(order)}>${status}</Status>${element('Context', path)}<Node id="${node}"/><Vhost id="${vhost}"/></Context>`,
  )
  return `${xmlDeclaration}<Info><Nodes>${nodes.join('')}</Nodes><Vhosts>${aliases.join('')}</Vhosts><Contexts>${contexts.join('')}</Contexts></Info>`
}

const orderText = (order: ContextOrders | undefined): string =>
  order === undefined ? '' : `, Own: ${order.own}, Operator: ${order.operator}`

/** For the element of a status. */
export const orderAttributes = (order: ContextOrders | undefined): string =>
  order === undefined ? '' : ` own="${order.own}" operator="${order.operator}"`

/** Name first. "Transfered" is spelt as in the protocol. */
function nodeFields(node: InfoNode): [key: string, value: string | number][] {
  return [
    ['Name', node.name],
    ['Balancer', node.balancer],
    ['LBGroup', node.domain],
    ['Host', hostText(node.host)],
    ['Port', node.port],
    ['Type', node.type],
    ['Flushpackets', flushWord[node.flushPackets]],
    ['Flushwait', node.flushWaitMs],
    ['Ping', seconds(node.pingMs)],
    ['Smax', node.smax],
    ['Ttl', seconds(node.ttlMs)],
    ['Elected', node.elected],
    ['Read', node.read],
    ['Transfered', node.transferred],
    ['Connected', node.connected],
    ['Load', node.load],
  ]
}
