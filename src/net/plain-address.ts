// The address at the other end of a socket, as people and messages write it. Called where an address is
// announced: by the agent for its own, by the control listener for a node's, by the proxy for a client's.

/** Without the dress in which IPv4 comes to an IPv6 socket, and without the zone of a link-local address. */
export const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
