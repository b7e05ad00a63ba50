// What a running HAProxy has, read from the answers of its runtime API (HAProxy's management guide, 9.3). Pure.

import type { ServerState } from './target-state.ts'

export interface PresentServer {
  readonly id: number
  readonly address: string
  readonly port: number
  readonly weight: number
  readonly state: ServerState
}

/** The names in the answer to `show backend`. */
export const readBackends = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

/** Bits of `srv_admin_state`: FMAINT, and FDRAIN; the others are no orders of ours. */
const forcedMaint = 0x01
const forcedDrain = 0x08

/** The answer to `show servers state`, by backend and name. */
export function readServers(text: string): Map<string, Map<string, PresentServer>> {
  const servers = new Map<string, Map<string, PresentServer>>()
  const lines = text.split('\n')
  const names =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? []
  const at = (name: string): number => names.indexOf(name)
  const columns = {
    backend: at('be_name'),
    id: at('srv_id'),
    name: at('srv_name'),
    address: at('srv_addr'),
    port: at('srv_port'),
    weight: at('srv_uweight'),
    admin: at('srv_admin_state'),
  }
  for (const line of lines) {
    const fields = line.split(' ')
    const name = fields[columns.name]
    const backend = fields[columns.backend]
    if (line.startsWith('#') || name === undefined || backend === undefined) continue
    const admin = Number(fields[columns.admin])
    const members = servers.get(backend) ?? new Map<string, PresentServer>()
    servers.set(backend, members)
    members.set(name, {
      id: Number(fields[columns.id]),
      address: fields[columns.address] ?? '',
      port: Number(fields[columns.port]),
      weight: Number(fields[columns.weight]),
      state:
        (admin & forcedMaint) !== 0 ? 'maint' : (admin & forcedDrain) !== 0 ? 'drain' : 'ready',
    })
  }
  return servers
}

/** The answer to `show map FILE`: the backend by key. */
export function readMap(text: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [pointer, key, value] = line.split(' ')
    if (pointer?.startsWith('0x') && key !== undefined && value !== undefined) map.set(key, value)
  }
  return map
}

/** `Pid` in the answer to `show info`: another one means another process, which has nothing of what was added. */
export const readPid = (text: string): number => Number(/^Pid: (\d+)$/m.exec(text)?.[1] ?? 0)
