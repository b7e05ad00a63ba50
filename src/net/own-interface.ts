// One of this machine's network interfaces, by its name or one of its addresses: what sockets want to be
// told about it. Called by the datagram sockets, again each time that they open, for interfaces come and go.

import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

export interface OwnInterface {
  readonly name: string
  /** Its address for IPv4: the one asked for, else its first. */
  readonly v4: string | undefined
  /** What stands for it with IPv6, `::%eth0`; undefined without an IPv6 address. */
  readonly v6: string | undefined
  /** Its networks, `10.0.0.7/24`. */
  readonly networks: readonly string[]
}

/** @param which `eth0`, `10.0.0.7` or `fe80::1`; undefined is returned when this machine has no such thing now. */
export function ownInterface(
  which: string,
  interfaces: Interfaces = currentInterfaces(),
): OwnInterface | undefined {
  for (const [name, entries = []] of Object.entries(interfaces)) {
    if (name !== which && !entries.some(({ address }) => address === which)) continue
    const v4 = entries.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
    const v6 = entries.filter(({ family }) => family === 'IPv6')
    return {
      name,
      v4: v4.find((address) => address === which) ?? v4[0],
      v6: v6.length === 0 ? undefined : `::%${zoneOf(name, v6)}`,
      networks: networksOf(entries),
    }
  }
  return undefined
}

/** The networks of all interfaces. */
export const ownNetworks = (interfaces: Interfaces = currentInterfaces()): string[] =>
  Object.values(interfaces).flatMap((entries) => networksOf(entries ?? []))

/** Changes whenever an interface or an address comes or goes. */
export const interfacesText = (interfaces: Interfaces = currentInterfaces()): string =>
  Object.entries(interfaces)
    .flatMap(([name, entries = []]) => entries.map(({ cidr }) => `${name} ${cidr}`))
    .sort()
    .join('\n')

/** Some systems (Android) do not tell: then there are none. */
export function currentInterfaces(): Interfaces {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

function networksOf(entries: readonly NetworkInterfaceInfo[]): string[] {
  return entries.flatMap(({ cidr }) => (cidr === null ? [] : [cidr]))
}

/** Windows numbers its zones. */
function zoneOf(name: string, v6: readonly NetworkInterfaceInfo[]): string {
  const scope = v6.find(({ scopeid }) => scopeid !== undefined && scopeid > 0)?.scopeid
  return process.platform === 'win32' && scope !== undefined ? String(scope) : name
}

/** The first address that others can reach this machine by; IPv4 before IPv6. */
export function ownAddress(interfaces: Interfaces = networkInterfaces()): string | undefined {
  const outside = Object.values(interfaces)
    .flatMap((entries = []) => entries)
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address
}
