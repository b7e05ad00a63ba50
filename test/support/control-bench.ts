// A control service on a free port; the test decides which nodes answer probes. For scenes.

import { LiveTable } from '../../src/cluster/live.ts'
import { Registry } from '../../src/cluster/registry.ts'
import type { Change } from '../../src/cluster/snapshot.ts'
import type { ControlOptions } from '../../src/control/options.ts'
import { type Control, startControl } from '../../src/control/start-control.ts'
import type { ProbeResult, ProbeTarget } from '../../src/net/probe.ts'

export interface ControlBench {
  readonly control: Control
  readonly port: number
  readonly registry: Registry
  readonly live: LiveTable
  readonly changes: Change[]
  /** Ports of the nodes that answer probes. */
  readonly up: Set<number>
  readonly asked: ProbeTarget[]
}

export interface ControlBenchOptions extends Partial<Omit<ControlOptions, 'traffic'>> {
  readonly traffic?: Partial<ControlOptions['traffic']>
}

export async function controlBench(options: ControlBenchOptions = {}): Promise<ControlBench> {
  const registry = new Registry({ runId: '4711' })
  const live = new LiveTable()
  const changes: Change[] = []
  const up = new Set<number>()
  const asked: ProbeTarget[] = []
  const probe = (target: ProbeTarget): Promise<ProbeResult> => {
    asked.push(target)
    const answered = up.has(target.port)
    const reason = answered ? 'answered' : 'ECONNREFUSED'
    return Promise.resolve({ answered, reason, unreachable: !answered })
  }
  const control = await startControl({
    listen: { host: '127.0.0.1', port: 0 },
    registry,
    live,
    ...options,
    traffic: { apply: (made) => void changes.push(...made), ...options.traffic },
    watch: { probe, ...options.watch },
  })
  return { control, port: control.address.port, registry, live, changes, up, asked }
}
