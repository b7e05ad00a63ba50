// A log whose lines become events as well, whatever its own level is.

import type { Logger } from '../../base/log.ts'
import type { EventLevel, EventRing } from './event-ring.ts'

export function recordingLog(log: Logger, events: EventRing): Logger {
  const recorded =
    (level: EventLevel) =>
    (detail: object, message: string): void => {
      log[level](detail, message)
      events.add(level, detail, message)
    }
  return {
    debug: (detail, message) => log.debug(detail, message),
    info: recorded('info'),
    warn: recorded('warn'),
    error: recorded('error'),
  }
}
