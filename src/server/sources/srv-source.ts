// The SRV records of a service as a source of nodes [RFC 2782]: each address of each target is a node. Targets with
// another than the lowest priority are backups.

import { fixedLimits } from '../../base/limits.ts'
import type { SrvSettings } from '../../config/source-settings.ts'
import type { Lookup, Service } from './lookup.ts'
import { type FoundNode, inOrder, type Listing } from './node-source.ts'

export function srvSource({ service, tls, http2 }: SrvSettings, lookup: Lookup): Listing {
  const nodesOf = async (
    { name, port, priority, weight }: Service,
    first: number,
    signal: AbortSignal,
  ): Promise<readonly FoundNode[]> => {
    const addresses = await lookup.addresses(name, signal)
    return addresses.map((host) => ({
      address: { host, port, ...(tls ? { tls } : {}), ...(http2 === undefined ? {} : { http2 }) },
      serverName: name,
      weight: Math.min(fixedLimits.weightMax, Math.max(1, weight)),
      ...(priority > first ? { backup: true } : {}),
    }))
  }
  return {
    async list(signal) {
      const records = await lookup.services(service, signal)
      // `.` says that there is no such service.
      const targets = records.filter(({ name }) => name !== '' && name !== '.')
      if (targets.length === 0)
        throw Object.assign(new Error(`${service} has no target`), { code: 'ENODATA' })
      const first = Math.min(...targets.map(({ priority }) => priority))
      const found: FoundNode[] = []
      for (let at = 0; at < targets.length; at += fixedLimits.lookupsMax) {
        const some = targets.slice(at, at + fixedLimits.lookupsMax)
        const lists = await Promise.all(some.map((target) => nodesOf(target, first, signal)))
        found.push(...lists.flat())
      }
      return inOrder(found)
    },
  }
}
