// What changed lately, under the charts and in line with them: a lane for each node with changes.

import { clockText } from '../model/format.ts'
import { slotMs, slots } from '../model/history.ts'
import { type Band, bandTexts, kindsIn, type Lane, type Moment } from '../model/timeline.ts'
import { nodeHref } from './route.ts'

interface Properties {
  readonly lanes: readonly Lane[]
  /** Newest slot. */
  readonly slot: number
  /** Lanes shown; the rest are counted. */
  readonly most: number
}

const spanMs = slots * slotMs

export const TimelineView = ({ lanes, slot, most }: Properties) => {
  const end = (slot + 1) * slotMs
  const since = end - spanMs
  const share = (at: number): string =>
    `${Math.min(100, Math.max(0, ((at - since) / spanMs) * 100)).toFixed(2)}%`
  const shown = lanes.slice(0, most)
  const rest = lanes.length - shown.length
  const minute = 60_000
  const first = Math.ceil(since / (2 * minute)) * 2 * minute
  // The last one leaves room for the time of the pointer.
  const ticks = [0, 1, 2, 3, 4]
    .map((index) => first + index * 2 * minute)
    .filter((at) => end - at > 0.8 * minute)
  return (
    <div class="timeline">
      {shown.map(({ route, bands, moments }) => (
        <div class="lane" key={route}>
          {route === '' ? (
            <span class="name soft">proxy</span>
          ) : (
            <a class="name" href={nodeHref(route)}>
              {route}
            </a>
          )}
          <div class="track">
            {bands.map((band) => (
              <span
                key={`${band.kind} ${band.from}`}
                class={`band ${band.kind}`}
                title={bandTitle(band)}
                style={{ left: share(band.from), right: `calc(100% - ${share(band.to ?? end)})` }}
              />
            ))}
            {moments.map((moment) => (
              <span
                key={`${moment.at} ${moment.text}`}
                class={moment.isBad ? 'moment bad' : 'moment'}
                title={momentTitle(moment)}
                style={{ left: share(moment.at) }}
              />
            ))}
          </div>
        </div>
      ))}
      <div class="lane ticks">
        <span class="name soft">
          {rest > 0 ? `and ${rest} more nodes` : lanes.length === 0 ? 'nothing has changed' : ''}
        </span>
        <div class="track">
          {ticks.map((at) => (
            <span key={at} class="tick" style={{ left: share(at) }}>
              {clockText(at).slice(0, 5)}
            </span>
          ))}
        </div>
      </div>
      {kindsIn(lanes).length > 0 && (
        <p class="key">
          {kindsIn(lanes).map((kind) => (
            <span key={kind}>
              <i class={`band ${kind}`} />
              {bandTexts[kind]}
            </span>
          ))}
          <span>
            <i class="moment" />
            other change
          </span>
        </p>
      )}
    </div>
  )
}

const bandTitle = ({ kind, from, to }: Band): string =>
  `${bandTexts[kind]} from ${clockText(from)} ${to === undefined ? 'until now' : `to ${clockText(to)}`}`

const momentTitle = ({ at, text }: Moment): string => `${clockText(at)} ${text}`
