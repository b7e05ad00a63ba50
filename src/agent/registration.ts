// The registration that a proxy should have of this node, and the messages that bring it there from what its INFO
// shows. Aliases and paths are compared one by one, because a proxy may show every alias as a virtual host of its own,
// as httpd does (mod-cluster-node.md 3.3). Pure.

import type { AppMessage, AppMethod, ConfigMessage } from '../wire/mcmp/message.ts'
import type { ReadInfo } from '../wire/mcmp/parse-info.ts'

export type ContextState = 'ENABLED' | 'DISABLED' | 'STOPPED'

/** The fields of CONFIG without the address, which may differ from proxy to proxy. */
export type ConfigFields = Omit<ConfigMessage, 'method' | 'host' | 'aliases' | 'contexts'>

export interface Registration {
  readonly config: ConfigFields
  /** Address that the proxy connects to. */
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
 * CONFIG in any case, because it also has the balancer's settings and revives a node that is being removed; then
 * REMOVE-APP for surplus contexts, then the missing ones.
 * @param info `undefined` when the proxy's registration is not known; then all contexts are sent.
 */
export function registrationMessages(
  registration: Registration,
  info: ReadInfo | undefined,
): (ConfigMessage | AppMessage)[] {
  const { config, host, aliases, contexts } = registration
  const messages: (ConfigMessage | AppMessage)[] = [
    { ...config, method: 'CONFIG', host, aliases: [], contexts: [] },
  ]
  const registered =
    info === undefined
      ? new Map<string, Map<string, string>>()
      : registeredContexts(info, config.route)
  const wantedAliases = new Set(aliases.map((alias) => alias.toLowerCase()))
  for (const [alias, states] of registered) {
    const surplus = [...states.keys()].filter(
      (path) => !wantedAliases.has(alias) || !contexts.has(path),
    )
    if (surplus.length > 0) messages.push(app('REMOVE-APP', config.route, [alias], surplus))
  }
  for (const [path, state] of contexts) {
    const isMissing = (alias: string): boolean =>
      registered.get(alias.toLowerCase())?.get(path) !== state
    if (aliases.some(isMissing)) messages.push(contextMessage(registration, path, state))
  }
  return messages
}

/** The message that brings one context under all aliases into a state. */
export function contextMessage(
  { config, aliases }: Pick<Registration, 'config' | 'aliases'>,
  path: string,
  state: ContextState | 'REMOVED',
): AppMessage {
  const method = state === 'REMOVED' ? 'REMOVE-APP' : methodFor[state]
  return app(method, config.route, aliases, [path])
}

/** REMOVE-APP `/*`, which removes the whole node. */
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

/** The contexts of the node with this route: alias in lower case to path to state. */
function registeredContexts(info: ReadInfo, route: string): Map<string, Map<string, string>> {
  const byAlias = new Map<string, Map<string, string>>()
  for (const node of info.nodes) {
    if (node.name !== route) continue
    for (const vhost of info.vhosts) {
      if (vhost.node !== node.id) continue
      const contexts = info.contexts.filter(
        (context) => context.node === node.id && context.vhost === vhost.id,
      )
      for (const alias of vhost.aliases) {
        const states = byAlias.get(alias.toLowerCase()) ?? new Map<string, string>()
        for (const context of contexts) states.set(context.path, context.status)
        byAlias.set(alias.toLowerCase(), states)
      }
    }
  }
  return byAlias
}
