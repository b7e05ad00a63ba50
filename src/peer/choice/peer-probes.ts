// Probes peers that could not be reached, at growing intervals, and those of which a response failed, at once: they may be
// gone. Readmits those that only sent errors after a while. Called at every tick of the traffic.

import { handOverLimits } from '../../base/limits.ts'
import { onProbed } from '../../cluster/health.ts'
import { defaultCheck } from '../../cluster/health-check.ts'
import { readmit } from '../../cluster/outlier.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { type Probe, probeWith } from '../../net/probe.ts'

export class PeerProbes {
  readonly #traffic: Traffic
  readonly #probe: Probe
  /** `node.id` of the peers that are being probed. */
  readonly #probed = new Set<number>()

  constructor(traffic: Traffic) {
    this.#traffic = traffic
    this.#probe = probeWith(() => traffic.pools.nodeTls)
  }

  tick(candidates: readonly Candidate[]): void {
    const { clock, ticker, log } = this.#traffic
    for (const candidate of candidates) {
      const { live, node, peer } = candidate
      if (peer?.isSelf === true) continue
      if (readmit(live.outlier, ticker.now)) log.info({ peer: node.route }, 'peer readmitted')
      const { health } = live
      if (!('probeAt' in health) || health.probeAt > clock.now()) continue
      if (!this.#probed.has(node.id)) void this.#send(candidate)
    }
  }

  async #send({ live, node }: Candidate): Promise<void> {
    const { clock, random, settings, log } = this.#traffic
    this.#probed.add(node.id)
    const { host, port, type } = node
    // Its announcements show that the peer works, so a connection is enough.
    const target = { host, port, type, probe: 'tcp', question: defaultCheck.question } as const
    const result = await this.#probe({ ...target, timeoutMs: handOverLimits.probeMs })
    this.#probed.delete(node.id)
    if (result.shortage === true) return
    const wasDown = live.health.kind === 'down'
    const { health } = settings
    live.health = onProbed(live.health, result, defaultCheck, clock.now(), random, health)
    if (wasDown && result.answered) log.info({ peer: node.route }, 'peer answers again')
    if (!wasDown && live.health.kind === 'down')
      log.warn({ peer: node.route, reason: result.reason }, 'peer is down')
  }
}
