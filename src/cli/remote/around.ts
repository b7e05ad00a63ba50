// Events around a time of the day, for `topspin events --at`. Pure.

/** Before and after the time, ms. */
const aroundMs = 300_000

const form = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/

/**
 * The last time that clocks showed this, ms since 1970.
 * @param text `14:05` or `14:05:30`, in local time.
 * @returns undefined for other text.
 */
export function lastTimeOf(text: string, now: number): number | undefined {
  const [, hours, minutes, seconds = '0'] = form.exec(text) ?? []
  if (hours === undefined) return undefined
  const date = new Date(now)
  date.setHours(Number(hours), Number(minutes), Number(seconds), 0)
  if (date.getTime() > now) date.setDate(date.getDate() - 1)
  return date.getTime()
}

/** Whether something was within five minutes of a time. @param at ISO 8601. */
export const isAround = (at: string, time: number): boolean =>
  Math.abs(Date.parse(at) - time) <= aroundMs
