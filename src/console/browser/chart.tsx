// One chart of the last ten minutes. All charts of a page share their pointer.

import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { slotMs, slots } from '../model/history.ts'
import type { Band, BandKind } from '../model/timeline.ts'
import { colour, onTheme } from './theme.ts'

export interface Line {
  readonly name: string
  /** Variable of the style sheet. */
  readonly colour: string
  readonly isFilled?: boolean
  readonly values: readonly (number | null)[]
}

interface Properties {
  /** Newest slot. */
  readonly slot: number
  readonly lines: readonly Line[]
  readonly bands: readonly Band[]
  readonly format: (value: number) => string
  /** Place of the pointer among the slots; `null` outside. */
  readonly onHover: (index: number | null) => void
}

const height = 72
/** Of the scale's numbers, pixels; the timeline leaves the same. */
const gutter = 48

const bandColours: Readonly<Record<BandKind, string>> = {
  deploy: '--band-deploy',
  ordered: '--band-ordered',
  down: '--band-down',
  silent: '--band-silent',
}

export const Chart = (properties: Properties) => {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(properties)
  latest.current = properties
  const plot = useRef<uPlot | undefined>(undefined)

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new uPlot(
        optionsOf(element.clientWidth, latest),
        dataOf(latest.current),
        element,
      )
    }
    draw()
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height }),
    )
    resized.observe(element)
    const off = onTheme(draw)
    return () => {
      off()
      resized.disconnect()
      plot.current?.destroy()
    }
  }, [])

  const { slot, bands, lines } = properties
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current))
    // The values are others once the history has been read, and once a slot has ended.
  }, [slot, bands, lines[0]?.values])

  return <div class="plot" ref={place} aria-hidden="true" />
}

function dataOf({ slot, lines }: Properties): uPlot.AlignedData {
  const times = Array.from(
    { length: slots },
    (_, index) => ((slot - slots + 1 + index) * slotMs) / 1_000,
  )
  return [times, ...lines.map(({ values }) => [...values])]
}

function optionsOf(width: number, latest: { readonly current: Properties }): uPlot.Options {
  const soft = colour('--soft')
  const grid = colour('--grid')
  const { lines, format } = latest.current
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 0, 8, 0],
    cursor: {
      sync: { key: 'console' },
      y: false,
      drag: { x: false, y: false },
      points: { size: 5 },
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
    },
    axes: [
      { show: false },
      {
        size: gutter,
        stroke: soft,
        font: '11px system-ui, sans-serif',
        gap: 6,
        space: 28,
        ticks: { show: false },
        grid: { stroke: grid, width: 1 },
        values: (_, values) => values.map((value) => (value === 0 ? '0' : format(value))),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: variable, isFilled }) => {
        const stroke = colour(variable)
        return {
          label: name,
          stroke,
          width: 1.5,
          points: { show: false },
          ...(isFilled === true ? { fill: colour(`${variable}-area`) } : {}),
        }
      }),
    ],
    hooks: {
      drawClear: [(plot) => drawBands(plot, latest.current.bands)],
      setCursor: [({ cursor }) => latest.current.onHover(cursor.idx ?? null)],
    },
  }
}

function drawBands(plot: uPlot, bands: readonly Band[]): void {
  const { ctx, bbox } = plot
  const [first, last] = [plot.scales['x']?.min ?? 0, plot.scales['x']?.max ?? 0]
  for (const { kind, from, to } of bands) {
    const [begin, end] = [Math.max(from / 1_000, first), Math.min((to ?? Infinity) / 1_000, last)]
    if (end <= begin) continue
    const left = plot.valToPos(begin, 'x', true)
    const right = plot.valToPos(end, 'x', true)
    ctx.fillStyle = colour(bandColours[kind])
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height)
  }
}
