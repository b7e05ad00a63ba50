// A name as a source of nodes: each of its addresses (A, AAAA) is a node.

import type { DnsSettings } from '../../config/source-settings.ts'
import type { Lookup } from './lookup.ts'
import type { Listing } from './node-source.ts'

export function dnsSource({ name }: DnsSettings, lookup: Lookup): Listing {
  const { host, ...place } = name
  return {
    async list(signal) {
      const addresses = await lookup.addresses(host, signal)
      return [...new Set(addresses)]
        .sort()
        .map((address) => ({ address: { ...place, host: address }, serverName: host }))
    },
  }
}
