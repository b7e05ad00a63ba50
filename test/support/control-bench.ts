// A control service on a free port with nodes that are up or down by decree. For scenes.

import type { Clock } from '../../src/base/clock.ts'
import { LiveTable } from '../../src/cluster/live.ts'
import { Registry } from '../../src/cluster/registry.ts'
import type { Change } from '../../src/cluster/snapshot.ts'
import type { ControlOptions } from '../../src/control/options.ts'
import { type Control, startControl } from '../../src/control/start-control.ts'
import type { ProbeTarget } from '../../src/net/probe.ts'

export interface ControlBench {
  readonly control: Control
  readonly port: number
  readonly registry: Registry
  readonly live: LiveTable
  readonly changes: Change[]
  /** Ports at which nodes answer probes. */
  readonly up: Set<number>
  readonly asked: ProbeTarget[]
}

export async function controlBench(
  options: Partial<ControlOptions> & { clock?: Clock } = {},
): Promise<ControlBench> {
  const registry = new Registry({ runId: '4711' })
  const live = new LiveTable()
  const changes: Change[] = []
  const up = new Set<number>()
  const asked: ProbeTarget[] = []
  const control = await startControl({
    host: '127.0.0.1',
    port: 0,
    registry,
    live,
    onChanges: (made) => {
      changes.push(...made)
    },
    probe: (target) => {
      asked.push(target)
      const answered = up.has(target.port)
      return Promise.resolve({ answered, reason: answered ? 'answered' : 'ECONNREFUSED' })
    },
    ...options,
  })
  return { control, port: control.address.port, registry, live, changes, up, asked }
}
