// Forms of IP addresses that mean something: loopback, wildcard, and IPv4 inside IPv6. Pure.

/** Without the IPv6 form of an IPv4 address (`::ffff:10.0.0.1`) and without the zone of a link-local one. */
export const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d{1,3}\.)/, '').split('%', 1)[0] as string

/** Whether a host is this machine alone: a loopback address or `localhost`. */
export const isLoopback = (host: string): boolean =>
  host === '::1' || host === 'localhost' || /^(::ffff:)?127(?:\.\d{1,3}){3}$/.test(host)

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])

/** Whether an address stands for all of this machine's: one to listen on, never one to connect to. */
export const isWildcard = (address: string): boolean => wildcards.has(address)
