// Least connections as HAProxy and nginx have it, with equal weights: each proxy counts its own requests in flight,
// long ones included, and takes equals in turn.

import type { RuleMaker } from './rule.ts'

export const leastConnections: RuleMaker = (world) => {
  const counts = Array.from({ length: world.proxies }, () => new Int32Array(world.servers.length))
  const turns = new Int32Array(world.proxies)
  return {
    choose(proxy) {
      const { members } = world
      const own = counts[proxy]!
      let at = turns[proxy]!++ % members.length
      let best = members[at]!
      for (let n = 1; n < members.length; n++) {
        if (++at === members.length) at = 0
        const server = members[at]!
        if (own[server]! < own[best]!) best = server
      }
      return best
    },
    sent({ proxy, server }) {
      counts[proxy]![server]!++
    },
    ended({ proxy, server }) {
      counts[proxy]![server]!--
    },
    memberChanged() {},
  }
}
