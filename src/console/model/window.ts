// Which rows of a long list are on the screen. All rows have the same height.

export interface Window {
  readonly first: number
  /** Behind the last one. */
  readonly end: number
}

/** Rows drawn above and below the screen. */
const margin = 8

/** @param top of the list, relative to the screen; negative when it is scrolled up. */
export function windowOf(
  rows: number,
  rowHeight: number,
  top: number,
  screenHeight: number,
): Window {
  const first = Math.floor(-top / rowHeight) - margin
  const end = Math.ceil((screenHeight - top) / rowHeight) + margin
  return { first: clamp(first, rows), end: clamp(end, rows) }
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value))
