// Parser for the text form of INFO as written by httpd (old and new), Undertow and Topspin. The agent compares it with what
// its application serves. Never throws.

import type { ContextStatus } from './context-status.ts'

export interface ReadNode {
  readonly id: number
  /** JVMRoute, or `REMOVED` for a node in removal. */
  readonly name: string
  readonly balancer: string
  readonly domain: string
  /** As shown: an IPv6 address stands in brackets. */
  readonly host: string
  readonly port: string
  readonly type: string
  /** Load factor; `undefined` when the line has none. */
  readonly load: number | undefined
  /** `Connected`: requests in flight at httpd and Topspin, connections at Undertow; `undefined` when it is missing. */
  readonly connected: number | undefined
}

/** One virtual host with all its aliases, in line order. */
export interface ReadVhost {
  readonly node: number
  readonly id: number
  readonly aliases: readonly string[]
}

export interface ReadContext {
  readonly node: number
  readonly vhost: number
  readonly path: string
  readonly status: ContextStatus
}

export interface ReadInfo {
  readonly nodes: readonly ReadNode[]
  readonly vhosts: readonly ReadVhost[]
  readonly contexts: readonly ReadContext[]
}

export type ReadInfoResult =
  | { readonly ok: true; readonly info: ReadInfo }
  | { readonly ok: false; readonly problem: string }

const nodeStart = /^Node: \[(\d{1,9})\],Name: /
/** The texts between the values of a node line; proxies differ in what follows the type. */
const nodeNames = [',Balancer: ', ',LBGroup: ', ',Host: ', ',Port: ', ',Type: '] as const
const loadField = /(?:^|,)Load: (-?\d{1,4})(?:,|$)/
const connectedField = /(?:^|,)Connected: (\d{1,9})(?:,|$)/
const vhostLine = /^Vhost: \[(\d{1,9}):(\d{1,9}):-?\d{1,9}\], Alias: (.*)$/
/** Topspin shows what an operator has ordered, beside the node's own status. */
const contextLine =
  /^Context: \[(\d{1,9}):(\d{1,9}):-?\d{1,9}\], Context: (.*), Status: (ENABLED|DISABLED|STOPPED)(?:, Own: \w{1,8}, Operator: \w{1,8})?$/

export function parseInfo(text: string): ReadInfoResult {
  const nodes: ReadNode[] = []
  const vhosts = new Map<string, { node: number; id: number; aliases: string[] }>()
  const contexts: ReadContext[] = []
  let count = 0
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end < 0 ? undefined : end).replace(/\r$/, '')
    from = end < 0 ? text.length : end + 1
    count++
    if (line === '') continue
    if (!(readNode(line, nodes) || readVhost(line, vhosts) || readContext(line, contexts)))
      return { ok: false, problem: `line ${count} is no line of INFO` }
  }
  return { ok: true, info: { nodes, vhosts: [...vhosts.values()], contexts } }
}

function readNode(line: string, into: ReadNode[]): boolean {
  const start = nodeStart.exec(line)
  if (start === null) return false
  const values: string[] = []
  let from = start[0].length
  for (const name of nodeNames) {
    const at = line.indexOf(name, from)
    if (at < 0) return false
    values.push(line.slice(from, at))
    from = at + name.length
  }
  const comma = line.indexOf(',', from)
  const end = comma < 0 ? line.length : comma
  const rest = line.slice(end + 1)
  const [name = '', balancer = '', domain = '', host = '', port = ''] = values
  into.push({
    id: Number(start[1]),
    name,
    balancer,
    domain,
    host,
    port,
    type: line.slice(from, end),
    load: numberIn(rest, loadField),
    connected: numberIn(rest, connectedField),
  })
  return true
}

function numberIn(text: string, field: RegExp): number | undefined {
  const found = field.exec(text)
  return found === null ? undefined : Number(found[1])
}

function readVhost(
  line: string,
  into: Map<string, { node: number; id: number; aliases: string[] }>,
): boolean {
  const match = vhostLine.exec(line)
  if (match === null) return false
  const [, node = '', id = '', alias = ''] = match
  const known = into.get(`${node}:${id}`)
  if (known === undefined)
    into.set(`${node}:${id}`, { node: Number(node), id: Number(id), aliases: [alias] })
  else known.aliases.push(alias)
  return true
}

function readContext(line: string, into: ReadContext[]): boolean {
  const match = contextLine.exec(line)
  if (match === null) return false
  const [, node = '', vhost = '', path = '', status = ''] = match
  into.push({ node: Number(node), vhost: Number(vhost), path, status: status as ContextStatus })
  return true
}
