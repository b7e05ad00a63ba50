// The network interfaces of this machine, by name or address, in the forms that sockets need. Read again whenever
// a datagram socket opens, because interfaces come and go.

import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

interface OwnInterface {
  readonly name: string
  /** Its IPv4 address: the requested one, otherwise the first. */
  readonly v4: string | undefined
  /** Its scope for IPv6 sockets, for example `::%eth0`; `undefined` without an IPv6 address. */
  readonly v6: string | undefined
  /** Its networks, for example `10.0.0.7/24`. */
  readonly networks: readonly string[]
}

/** `undefined` when this machine has no such interface now. @param which for example `eth0`, `10.0.0.7`, `fe80::1`. */
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

/** None where the system does not allow to list them (Android). */
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

/** Windows has numbers for zones. */
function zoneOf(name: string, v6: readonly NetworkInterfaceInfo[]): string {
  const scope = v6.find(({ scopeid }) => scopeid !== undefined && scopeid > 0)?.scopeid
  return process.platform === 'win32' && scope !== undefined ? String(scope) : name
}

/** The first address at which other machines reach this one; IPv4 before IPv6. */
export function outsideAddress(interfaces: Interfaces = currentInterfaces()): string | undefined {
  const outside = Object.values(interfaces)
    .flatMap((entries = []) => entries)
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address
}
