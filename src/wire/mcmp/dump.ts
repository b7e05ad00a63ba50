// Writes DUMP: the registry's tables for administrators and tests (mcmp.md 1.6). The rows of INFO with other columns.

import { hostText } from '../../base/host-port.ts'
import { statusNumber } from './context-status.ts'
import { type ContextOrders, type Info, type InfoNode, orderAttributes } from './info.ts'
import { element, escapeXml, xmlDeclaration } from './xml.ts'

export interface DumpBalancer {
  readonly id: number
  readonly name: string
  readonly sticky: boolean
  readonly cookie: string
  readonly pathParameter: string
  readonly stickyRemove: boolean
  readonly stickyForce: boolean
  readonly waitMs: number
  readonly maxAttempts: number
}

export interface DumpNode extends InfoNode {
  readonly timeoutMs: number
}

export interface Dump extends Info {
  readonly balancers: readonly DumpBalancer[]
  readonly nodes: readonly DumpNode[]
}

const flushNumber = { off: 0, on: 1, auto: 2 } as const
const seconds = (ms: number): number => Math.floor(ms / 1000)
const bit = (value: boolean): number => (value ? 1 : 0)

/** The text form; '' for an empty cluster. */
export function writeDumpText(dump: Dump): string {
  const balancers = dump.balancers.map(
    (b) =>
      `balancer: [${b.id}] Name: ${b.name} Sticky: ${bit(b.sticky)} [${b.cookie}]/[${b.pathParameter}] remove: ${bit(b.stickyRemove)} force: ${bit(b.stickyForce)} Timeout: ${seconds(b.waitMs)} maxAttempts: ${b.maxAttempts}\n`,
  )
  const nodes = dump.nodes.map(
    (n) =>
      `node: [${n.id}:${n.id}],Balancer: ${n.balancer},JVMRoute: ${n.name},LBGroup: [${n.domain}],Host: ${hostText(n.host)},Port: ${n.port},Type: ${n.type},flushpackets: ${flushNumber[n.flushPackets]},flushwait: ${n.flushWaitMs},ping: ${seconds(n.pingMs)},smax: ${n.smax},ttl: ${seconds(n.ttlMs)},timeout: ${seconds(n.timeoutMs)}\n`,
  )
  const hosts = dump.aliases.map(
    (a) => `host: ${a.id} [${a.alias}] vhost: ${a.vhost} node: ${a.node}\n`,
  )
  const contexts = dump.contexts.map(
    (c) =>
      `context: ${c.id} [${c.path}] vhost: ${c.vhost} node: ${c.node} status: ${statusNumber[c.status]}${orderText(c.order)}\n`,
  )
  return [...balancers, ...nodes, ...hosts, ...contexts].join('')
}

const orderText = (order: ContextOrders | undefined): string =>
  order === undefined
    ? ''
    : ` own: ${statusNumber[order.own]} operator: ${statusNumber[order.operator]}`

/** The XML form. */
export function writeDumpXml(dump: Dump): string {
  const balancers = dump.balancers.map(
    (b) =>
      `<Balancer id="${b.id}" name="${escapeXml(b.name)}"><StickySession>${element('Enabled', bit(b.sticky))}${element('Cookie', b.cookie)}${element('Path', b.pathParameter)}${element('Remove', bit(b.stickyRemove))}${element('Force', bit(b.stickyForce))}</StickySession>${element('Timeout', seconds(b.waitMs))}${element('MaxAttempts', b.maxAttempts)}</Balancer>`,
  )
  const nodes = dump.nodes.map(
    (n) =>
      `<Node id="${n.id}">${element('Balancer', n.balancer)}${element('JVMRoute', n.name)}${element('LBGroup', n.domain)}${element('Host', hostText(n.host))}${element('Port', n.port)}${element('Type', n.type)}${element('FlushPackets', flushNumber[n.flushPackets])}${element('FlushWait', n.flushWaitMs)}${element('Ping', seconds(n.pingMs))}${element('Smax', n.smax)}${element('Ttl', seconds(n.ttlMs))}${element('Timeout', seconds(n.timeoutMs))}</Node>`,
  )
  const hosts = dump.aliases.map(
    (a) =>
      `<Host id="${a.id}" alias="${escapeXml(a.alias)}">${element('Vhost', a.vhost)}${element('Node', a.node)}</Host>`,
  )
  const contexts = dump.contexts.map(
    (c) =>
      `<Context id="${c.id}" path="${escapeXml(c.path)}">${element('Vhost', c.vhost)}${element('Node', c.node)}<Status id="${statusNumber[c.status]}"${orderAttributes(c.order)}>${c.status}</Status></Context>`,
  )
  return `${xmlDeclaration}<Dump><Balancers>${balancers.join('')}</Balancers><Nodes>${nodes.join('')}</Nodes><Hosts>${hosts.join('')}</Hosts><Contexts>${contexts.join('')}</Contexts></Dump>`
}
