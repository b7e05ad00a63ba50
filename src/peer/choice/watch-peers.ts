// Brings back peers that failed: those that could not be reached are asked again, at growing distances;
// those that gave nothing but errors count again after a while. Called at every tick of the traffic.

import { handOverLimits } from '../../base/limits.ts'
import { onProbed } from '../../cluster/health.ts'
import { release } from '../../cluster/outlier.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { type Probe, probeWith } from '../../net/probe.ts'

export class PeerWatch {
  readonly #traffic: Traffic
  readonly #probe: Probe
  /** `node.id` of those that are being asked. */
  readonly #asked = new Set<number>()

  constructor(traffic: Traffic) {
    this.#traffic = traffic
    this.#probe = probeWith(() => traffic.pools.nodeTls)
  }

  look(candidates: readonly Candidate[]): void {
    const { clock, ticker, log } = this.#traffic
    for (const candidate of candidates) {
      const { live, node, peer } = candidate
      if (peer?.isSelf === true) continue
      if (release(live.outlier, ticker.now)) log.info({ peer: node.route }, 'peer is chosen again')
      const { health } = live
      if (health.kind !== 'down' || health.probeAt > clock.now()) continue
      if (!this.#asked.has(node.id)) void this.#ask(candidate)
    }
  }

  async #ask({ live, node }: Candidate): Promise<void> {
    const { clock, random, settings, log } = this.#traffic
    this.#asked.add(node.id)
    const { host, port, type } = node
    const result = await this.#probe({ host, port, type, timeoutMs: handOverLimits.probeMs })
    this.#asked.delete(node.id)
    if (result.shortage === true) return
    const now = clock.now()
    live.health = onProbed(
      live.health,
      result.answered,
      result.reason,
      now,
      random,
      settings.health,
    )
    if (result.answered) log.info({ peer: node.route }, 'peer answers again')
  }
}
