// Rules that read the true state of every server and of the network at each choice, as no proxy can: the best that is
// possible, and the shortest queue.

import type { RuleMaker, World } from './rule.ts'

/** What it is worth to avoid a server that stands still, ms. */
const stoppedMs = 300

/** Least waiting in total. */
export const oracle: RuleMaker = (world) =>
  omniscient(world, (server) => {
    const { workers, pace, stopped, fails } = world.servers[server]!
    if (fails > 0.2) return Number.POSITIVE_INFINITY
    const count = present(world, server)
    const crowding = count < workers ? 1 : (2 * count + 1) / workers
    return (world.workMs * crowding * (1 + 0.001 * count)) / pace + (stopped ? stoppedMs : 0)
  })

export const shortestQueue: RuleMaker = (world) =>
  omniscient(world, (server) => present(world, server) + 1)

const present = ({ servers }: World, server: number): number =>
  servers[server]!.count + servers[server]!.coming

function omniscient(world: World, costOf: (server: number) => number): ReturnType<RuleMaker> {
  // Chance decides between equals.
  const chance = world.servers.map(() => 1 + 1e-6 * world.random())
  const costs = Float64Array.from(world.servers, (_, server) => costOf(server) * chance[server]!)
  return {
    choose() {
      const { members } = world
      let best = members[0]!
      for (const server of members) if (costs[server]! < costs[best]!) best = server
      return best
    },
    sent() {},
    ended() {},
    memberChanged() {},
    serverChanged(server) {
      costs[server] = costOf(server) * chance[server]!
    },
  }
}
