// A long list that scrolls with the page and draws only the rows on the screen.

import type { ComponentChild } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { windowOf } from '../model/window.ts'

interface Properties<Row> {
  readonly rows: readonly Row[]
  /** The same for all, pixels. */
  readonly rowHeight: number
  readonly draw: (row: Row, index: number) => ComponentChild
}

export function Windowed<Row>({ rows, rowHeight, draw }: Properties<Row>) {
  const element = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ top: 0, height: innerHeight })
  useEffect(() => {
    let frame = 0
    const look = (): void => {
      frame = 0
      const top = element.current?.getBoundingClientRect().top ?? 0
      // Rounded, so that scrolling by a few pixels draws nothing.
      setPlace((before) => {
        const rounded = Math.round(top / rowHeight) * rowHeight
        const isSame = before.top === rounded && before.height === innerHeight
        return isSame ? before : { top: rounded, height: innerHeight }
      })
    }
    const later = (): void => {
      frame ||= requestAnimationFrame(look)
    }
    look()
    addEventListener('scroll', later, { passive: true })
    addEventListener('resize', later)
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', later)
      removeEventListener('resize', later)
    }
  }, [rowHeight])
  const { first, end } = windowOf(rows.length, rowHeight, place.top, place.height)
  return (
    <div
      ref={element}
      role="rowgroup"
      class="windowed"
      style={{ height: `${rows.length * rowHeight}px` }}
    >
      <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
        {rows.slice(first, end).map((row, index) => draw(row, first + index))}
      </div>
    </div>
  )
}

const narrow = matchMedia('(max-width: 760px)')

/** Whether there is room for cards only. */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(narrow.matches)
  useEffect(() => {
    const look = (): void => setNarrow(narrow.matches)
    narrow.addEventListener('change', look)
    return () => narrow.removeEventListener('change', look)
  }, [])
  return isNarrow
}
