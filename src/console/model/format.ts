// Numbers, times and durations as the console writes them.

const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** `0.4`, `12`, `4,210`, `1.2M`. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 100_000) return compact.format(value)
  return Math.abs(value) < 10 ? decimals.format(value) : Math.round(value).toLocaleString('en')
}

/** `0.8 ms`, `41 ms`, `2.3 s`; `–` when unknown. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (value < 10) return `${decimals.format(value)} ms`
  return value < 1_000 ? `${Math.round(value)} ms` : `${decimals.format(value / 1_000)} s`
}

/** `0.2 %`, `3 %`. */
export const percent = (share: number): string =>
  `${share > 0 && share < 0.001 ? '<0.1' : share < 0.1 ? decimals.format(share * 100) : Math.round(share * 100)} %`

/** `0.8 s`, `32 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms > 0 && ms < 9_950) return `${decimals.format(ms / 1_000)} s`
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60)
    return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}

/** `14:05:09`, in the time zone of the reader. */
export const clockText = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour12: false })

/** The same, with the date in front where that is not the one of `now`: `29 Nov 14:05:09`. */
export function dayAndClock(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)]
  if (then.toDateString() === today.toDateString()) return clockText(at)
  return `${then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clockText(at)}`
}

/** `1.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let at = 0
  let value = bytes
  while (value >= 1_000 && at < units.length - 1) {
    value /= 1_000
    at++
  }
  return `${at === 0 ? value : decimals.format(value)} ${units[at]}`
}

/** `1 request`, `2 requests`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

/** `a`, `a and b`, `a, b and c`, `a, b, c and 7 more`. */
export function listText(items: readonly string[], most = 4): string {
  if (items.length === 0) return 'none'
  const shown = items.length > most ? items.slice(0, most - 1) : items
  const rest = items.length - shown.length
  const parts = rest > 0 ? [...shown, `${rest} more`] : shown
  const last = parts.at(-1) ?? ''
  return parts.length === 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`
}
