// A name as a source of nodes: each of its addresses (A, AAAA) is a node.

import type { SourceSettings } from '../../config/node-entry.ts'
import type { Lookup } from './lookup.ts'
import type { NodeSource } from './node-source.ts'

export function dnsSource(
  { name }: Extract<SourceSettings, { kind: 'dns' }>,
  lookup: Lookup,
): NodeSource {
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
