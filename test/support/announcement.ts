// An announcement to change as a test needs it.

import type { Announcement, Resources } from '../../src/wire/announcement.ts'

export const someResources: Resources = {
  speed: 120.5,
  cores: 4,
  load: 0.52,
  loadHigh: 1,
  cpuIdle: 0.93,
  memoryTotal: 17_179_869_184,
  memoryAvailable: 8_123_456_789,
  eventLoopDelayMs: 0.4,
  slotsInUse: 3,
  slotsFree: 97,
  served: 12_345,
  serviceTimeMs: 12.3,
  ms: 8.3,
  knee: 5.5,
  inHand: 3,
}

/** Its times are those of a ManualClock that has just begun. */
export function someAnnouncement(changes: Partial<Announcement> = {}): Announcement {
  return {
    name: 'web1:8080',
    scheme: 'http',
    host: '10.0.0.1',
    port: 8080,
    startedAt: 1_699_999_990_000,
    sequence: 1,
    time: 1_700_000_000_000,
    leaving: false,
    contexts: [],
    ask: { host: '10.0.0.1', port: 4445 },
    periodMs: 1_000,
    loss: 0,
    resources: someResources,
    ...changes,
  }
}
