// The commands of HAProxy's runtime API that lead from what it has to what it should have. Pure.

import { isIP } from 'node:net'
import type { PresentServer } from './present-state.ts'
import type { TargetServer, TargetState } from './target-state.ts'

export interface Present {
  readonly servers: ReadonlyMap<string, ReadonlyMap<string, PresentServer>>
  readonly map: ReadonlyMap<string, string>
}

export interface Command {
  readonly text: string
  /** The whole answer to it when it has done its work. */
  readonly expected: RegExp
}

interface CommandOptions {
  /** The map file, as HAProxy names it. */
  readonly mapFile: string
  /** Further words for each added server, as `check inter 1s`. */
  readonly serverOptions: string
}

const silent = /^$/
const added = /^New server registered\.?$/
const deleted = /^Server deleted\.?$/

/**
 * What gives less comes first: drains do not wait for additions. Then servers, then the map entries that lead to them; a
 * server is deleted once nothing leads to it. Servers that are still in use are refused by `del server` and stay in
 * maintenance until a later attempt.
 */
export function commandsFor(
  present: Present,
  target: TargetState,
  options: CommandOptions,
): Command[] {
  const unmapped: Command[] = []
  const lessened: Command[] = []
  const added: Command[] = []
  const mapped: Command[] = []
  const removed: Command[] = []
  for (const [key, backend] of present.map)
    if (target.map.get(key) !== backend && !target.map.has(key))
      unmapped.push({ text: `del map ${options.mapFile} ${key}`, expected: silent })
  for (const [backend, servers] of target.servers) {
    const has = present.servers.get(backend) ?? new Map<string, PresentServer>()
    const ids = freeIds(has)
    for (const [name, server] of servers) {
      const now = has.get(name)
      if (now === undefined)
        added.push(...addition(backend, name, server, ids.next().value ?? 0, options))
      else
        for (const command of corrections(`${backend}/${name}`, now, server))
          (isLess(now, server) ? lessened : added).push(command)
    }
    for (const [name, now] of has) {
      if (servers.has(name)) continue
      if (now.state !== 'maint')
        lessened.push({ text: `set server ${backend}/${name} state maint`, expected: silent })
      removed.push({ text: `del server ${backend}/${name}`, expected: deleted })
    }
  }
  for (const [key, backend] of target.map) {
    const now = present.map.get(key)
    const verb = now === undefined ? 'add' : 'set'
    if (now !== backend)
      mapped.push({ text: `${verb} map ${options.mapFile} ${key} ${backend}`, expected: silent })
  }
  return [...lessened, ...added, ...mapped, ...unmapped, ...removed]
}

/** Servers without an id share one place of `balance random`, so that one of three gets nothing (fixed in 3.0). */
function* freeIds(servers: ReadonlyMap<string, PresentServer>): Generator<number, number> {
  const taken = new Set([...servers.values()].map(({ id }) => id))
  for (let id = 1; ; id++) if (!taken.has(id)) yield id
}

const placeOf = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`

/** `default-server` does not hold for added servers. */
function addition(
  backend: string,
  name: string,
  server: TargetServer,
  id: number,
  { serverOptions }: CommandOptions,
): Command[] {
  const place = `${backend}/${name}`
  const words = [
    `add server ${place} ${placeOf(server)} id ${id} weight ${server.weight}`,
    ...(server.isHttp2 ? ['proto h2'] : []),
    ...(serverOptions === '' ? [] : [serverOptions]),
  ]
  const isChecked = /(?:^| )check(?: |$)/.test(serverOptions)
  return [
    { text: words.join(' '), expected: added },
    ...(isChecked ? [{ text: `enable health ${place}`, expected: silent }] : []),
    // An added server begins in maintenance.
    { text: `set server ${place} state ${server.state}`, expected: silent },
  ]
}

function corrections(place: string, now: PresentServer, server: TargetServer): Command[] {
  const commands: Command[] = []
  if (now.address !== server.address || now.port !== server.port)
    commands.push({
      text: `set server ${place} addr ${server.address} port ${server.port}`,
      // It answers in words what has changed.
      expected: /changed from|no need to change/,
    })
  if (now.weight !== server.weight)
    commands.push({ text: `set server ${place} weight ${server.weight}`, expected: silent })
  if (now.state !== server.state)
    commands.push({ text: `set server ${place} state ${server.state}`, expected: silent })
  return commands
}

const rank = { ready: 2, drain: 1, maint: 0 } as const

const isLess = (now: PresentServer, server: TargetServer): boolean =>
  rank[server.state] < rank[now.state]
