// What this node wants a proxy to know, and which messages bring a proxy there, given what it says it
// knows (its INFO). Pure. The comparison is alias by alias and path by path, so a proxy that shows
// every alias as a virtual host of its own (httpd) needs nothing torn down (mod-cluster-node.md 3.3).

import type { AppMessage, AppMethod, ConfigMessage, Message } from '../wire/mcmp/message.ts'
import type { ReadInfo } from '../wire/mcmp/parse-info.ts'

export type ContextState = 'ENABLED' | 'DISABLED' | 'STOPPED'

/** The node without its address, which may look different from each proxy. */
export type NodeConfig = Omit<ConfigMessage, 'method' | 'host' | 'aliases' | 'contexts'>

export interface Wanted {
  readonly config: NodeConfig
  /** Address for the proxy to dial. */
  readonly host: string
  readonly aliases: readonly string[]
  /** Path to state. */
  readonly contexts: ReadonlyMap<string, ContextState>
}

const methodFor = {
  ENABLED: 'ENABLE-APP',
  DISABLED: 'DISABLE-APP',
  STOPPED: 'STOP-APP',
} as const

/**
 * CONFIG always (it also carries the balancer's settings and revives a node that is being removed),
 * then what the proxy has and should not, then what it lacks. `info` undefined: nothing is known of
 * what the proxy has, so everything is sent.
 */
export function registrationMessages(wanted: Wanted, info: ReadInfo | undefined): Message[] {
  const { config, host, aliases, contexts } = wanted
  const messages: Message[] = [{ ...config, method: 'CONFIG', host, aliases: [], contexts: [] }]
  const there =
    info === undefined ? new Map<string, Map<string, string>>() : known(info, config.route)
  const ours = new Set(aliases.map((alias) => alias.toLowerCase()))
  for (const [alias, states] of there) {
    const surplus = [...states.keys()].filter((path) => !ours.has(alias) || !contexts.has(path))
    if (surplus.length > 0) messages.push(app('REMOVE-APP', config.route, [alias], surplus))
  }
  for (const [path, state] of contexts) {
    const missing = aliases.filter((alias) => there.get(alias.toLowerCase())?.get(path) !== state)
    if (missing.length > 0) messages.push(contextMessage(wanted, path, state))
  }
  return messages
}

/** The message that brings one context with all its aliases into a state. */
export function contextMessage(
  wanted: Pick<Wanted, 'config' | 'aliases'>,
  path: string,
  state: ContextState | 'REMOVED',
): AppMessage {
  const method = state === 'REMOVED' ? 'REMOVE-APP' : methodFor[state]
  return app(method, wanted.config.route, wanted.aliases, [path])
}

/** REMOVE-APP `/*`: the whole node goes. */
export function removeNode(route: string): AppMessage {
  return { method: 'REMOVE-APP', wildcard: true, route, aliases: [], contexts: [] }
}

function app(
  method: AppMethod,
  route: string,
  aliases: readonly string[],
  contexts: readonly string[],
): AppMessage {
  return { method, wildcard: false, route, aliases, contexts }
}

/** Alias in lower case to path to state, of the node with this route. */
function known(info: ReadInfo, route: string): Map<string, Map<string, string>> {
  const there = new Map<string, Map<string, string>>()
  for (const node of info.nodes) {
    if (node.name !== route) continue
    for (const vhost of info.vhosts) {
      if (vhost.node !== node.id) continue
      const contexts = info.contexts.filter(
        (context) => context.node === node.id && context.vhost === vhost.id,
      )
      for (const alias of vhost.aliases) {
        const states = there.get(alias.toLowerCase()) ?? new Map<string, string>()
        for (const context of contexts) states.set(context.path, context.status)
        there.set(alias.toLowerCase(), states)
      }
    }
  }
  return there
}
