// Settings of a control service without a listener: an empty registry, a clock set by hand, a log in memory.

import { LiveTable } from '../../src/cluster/live.ts'
import { Registry } from '../../src/cluster/registry.ts'
import type { Change } from '../../src/cluster/snapshot.ts'
import { type ControlSettings, controlSettings } from '../../src/control/options.ts'
import { type FramedRequest, FrameReader } from '../../src/wire/mcmp/frame.ts'
import type { ControlBenchOptions } from './control-bench.ts'
import { ManualClock } from './manual-clock.ts'
import { type MemoryLog, memoryLog } from './memory-log.ts'

export interface ControlFixture {
  readonly settings: ControlSettings
  readonly clock: ManualClock
  /** Changes that reached the traffic. */
  readonly changes: Change[]
  readonly log: MemoryLog
}

export function controlFixture(options: ControlBenchOptions = {}): ControlFixture {
  const clock = new ManualClock()
  const changes: Change[] = []
  const log = memoryLog()
  const settings = controlSettings({
    listen: { host: '127.0.0.1', port: 0 },
    registry: new Registry({ runId: '1' }),
    live: new LiveTable(),
    clock,
    random: () => 0.5,
    log,
    ...options,
    traffic: { apply: (made) => void changes.push(...made), ...options.traffic },
    watch: { probe: async () => ({ answered: true, reason: 'answered' }), ...options.watch },
  })
  return { settings, clock, changes, log }
}

/** A request as read from a connection. */
export function framedRequest(
  line: string,
  fields: readonly string[] = [],
  body = '',
): FramedRequest {
  const reader = new FrameReader()
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const head = [line, ...fields, ...length].map((text) => `${text}\r\n`).join('')
  reader.push(Buffer.from(`${head}\r\n${body}`))
  const event = reader.next()
  if (event?.kind !== 'request') throw new Error(`not a request: ${line}`)
  return event.request
}
