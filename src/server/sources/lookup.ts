// Look-ups of names for sources: by the resolver of the system, which reads the hosts file, or by a name server.

import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type HostPort, hostPortText } from '../../base/host-port.ts'
import { fixedLimits } from '../../base/limits.ts'
import type { AddressFamily } from '../../config/source-settings.ts'

export interface Lookup {
  /** All addresses of a name. Rejects when there is none, or a part of them cannot be found out. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>
  services(name: string, signal: AbortSignal): Promise<readonly Service[]>
}

/** An SRV record [RFC 2782]. */
export interface Service {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** @param server absent: the resolver of the system. */
export function lookupWith(family: AddressFamily, server: HostPort | undefined): Lookup {
  const services: Lookup['services'] = (name, signal) =>
    resolverFor(server, signal).resolveSrv(name)
  if (server !== undefined)
    return {
      addresses: (name, signal) => resolved(name, family, resolverFor(server, signal)),
      services,
    }
  return {
    addresses: async (name) => {
      const found = await lookup(name, { all: true, family: family === 'any' ? 0 : family })
      return found.map(({ address }) => address)
    },
    services,
  }
}

function resolverFor(server: HostPort | undefined, signal: AbortSignal): Resolver {
  const resolver = new Resolver({ timeout: fixedLimits.lookupMs, tries: 2 })
  if (server !== undefined) resolver.setServers([serverText(server)])
  signal.addEventListener('abort', () => resolver.cancel(), { once: true })
  return resolver
}

/** An address with a port, as Node.js wants it. */
const serverText = (server: HostPort): string =>
  isIP(server.host) === 0 ? server.host : hostPortText(server)

async function resolved(
  name: string,
  family: AddressFamily,
  resolver: Resolver,
): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name]
  const [four, six] = await Promise.all([
    family === 6 ? [] : orNone(resolver.resolve4(name)),
    family === 4 ? [] : orNone(resolver.resolve6(name)),
  ])
  const all = [...four, ...six]
  if (all.length === 0)
    throw Object.assign(new Error(`${name} has no address`), { code: 'ENODATA' })
  return all
}

/** A name may have addresses of one family only. Any other failure may hide addresses. */
const orNone = (query: Promise<string[]>): Promise<string[]> =>
  query.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return []
    throw error
  })
