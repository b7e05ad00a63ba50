// The last ten minutes of the cluster or of one node: each figure with its chart, and what changed under them.

import { useMemo, useState } from 'preact/hooks'
import type { ApiTrend } from '../model/api.ts'
import { clockText, milliseconds, numberText } from '../model/format.ts'
import { type History, slotMs, slots } from '../model/history.ts'
import { bandsIn, type Lane } from '../model/timeline.ts'
import { Chart, type Line } from './chart.tsx'
import { TimelineView } from './timeline-view.tsx'

interface Properties {
  readonly history: History
  /** Newest slot. */
  readonly slot: number
  readonly lanes: readonly Lane[]
  readonly lanesMax: number
  /** The figures of this moment. */
  readonly now: ApiTrend & { readonly inFlight: number }
}

export const Charts = ({ history, slot, lanes, lanesMax, now }: Properties) => {
  const [hovered, setHovered] = useState<number | null>(null)
  const read = useMemo(
    () => ({
      requests: history.read('requests', slot),
      errors: history.read('errors', slot),
      inFlight: history.read('inFlight', slot),
      p50: history.read('p50', slot),
      p99: history.read('p99', slot),
    }),
    [history, slot],
  )
  // An order may last for hours, and is no reason to look at a chart in another light.
  const bands = useMemo(() => bandsIn(lanes).filter(({ kind }) => kind !== 'ordered'), [lanes])
  const at = (values: readonly (number | null)[], present: number | null): number | null =>
    hovered === null ? present : (values[hovered] ?? null)
  const common = { slot, bands, onHover: setHovered }
  return (
    <section class="charts card" aria-label="The last ten minutes">
      <Figure
        name="requests/s"
        value={numberOf(at(read.requests, now.perSecond))}
        more={`errors/s ${numberOf(at(read.errors, now.errorsPerSecond))}`}
        isBad={(at(read.errors, now.errorsPerSecond) ?? 0) > 0}
      />
      <Chart
        {...common}
        format={numberText}
        lines={[
          line('requests/s', '--requests', read.requests, true),
          line('errors/s', '--bad', read.errors),
        ]}
      />
      <Figure
        name="response time, p99"
        value={milliseconds(at(read.p99, now.p99Ms))}
        more={`p50 ${milliseconds(at(read.p50, now.p50Ms))}`}
      />
      <Chart
        {...common}
        format={milliseconds}
        lines={[line('p99', '--p99', read.p99), line('p50', '--p50', read.p50)]}
      />
      <Figure name="in flight" value={numberOf(at(read.inFlight, now.inFlight))} more="requests" />
      <Chart
        {...common}
        format={numberText}
        lines={[line('in flight', '--inflight', read.inFlight, true)]}
      />
      <TimelineView lanes={lanes} slot={slot} most={lanesMax} />
      <p class="hover soft" aria-hidden="true">
        {hovered === null ? 'now' : `at ${clockText((slot - slots + 1 + hovered) * slotMs)}`}
      </p>
    </section>
  )
}

const line = (
  name: string,
  colour: string,
  values: readonly (number | null)[],
  isFilled = false,
): Line => ({ name, colour, values, isFilled })

const numberOf = (value: number | null): string => (value === null ? '–' : numberText(value))

interface FigureProperties {
  readonly name: string
  readonly value: string
  readonly more: string
  readonly isBad?: boolean
}

const Figure = ({ name, value, more, isBad }: FigureProperties) => (
  <dl class="figure">
    <dt>{name}</dt>
    <dd>
      <strong>{value}</strong> <span class={isBad === true ? 'bad' : 'soft'}>{more}</span>
    </dd>
  </dl>
)
