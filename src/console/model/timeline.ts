// What changed lately, from the events: for each node the times in which it was away, down, silent or out of service by an
// order, and moments for everything else.

import type { ApiEvent } from './api.ts'
import { compareNames } from './cluster-view.ts'
import { textOf } from './event-text.ts'
import { duration } from './format.ts'

export type BandKind = 'deploy' | 'ordered' | 'down' | 'silent'

export interface Band {
  readonly kind: BandKind
  /** ms. */
  readonly from: number
  /** `undefined`: it lasts. */
  to: number | undefined
  /** The node was not registered for a part of it. */
  hasLeft: boolean
}

export interface Moment {
  readonly at: number
  readonly text: string
  readonly isBad: boolean
}

export interface Lane {
  /** Route of a node; '' for the proxy itself. */
  readonly route: string
  readonly bands: readonly Band[]
  readonly moments: readonly Moment[]
}

export const bandTexts: Readonly<Record<BandKind, string>> = {
  deploy: 'deploy',
  ordered: 'ordered out',
  down: 'down',
  silent: 'silent',
}

interface Draft {
  readonly bands: Band[]
  readonly moments: Moment[]
  readonly open: Map<BandKind, Band>
}

/** @param events the oldest first. @param since lanes have something after it, ms. */
export function timelineOf(events: readonly ApiEvent[], since: number): readonly Lane[] {
  const drafts = new Map<string, Draft>()
  for (const event of events) add(event, drafts)
  return [...drafts]
    .map(([route, { bands, moments }]) => ({
      route,
      bands: bands.filter(({ to = Number.POSITIVE_INFINITY }) => to >= since),
      moments: moments.filter(({ at }) => at >= since),
    }))
    .filter(({ bands, moments }) => bands.length + moments.length > 0)
    .sort((a, b) => compareNames(a.route, b.route))
}

/** What an event begins and ends. */
interface Effect {
  readonly begins?: BandKind
  readonly ends?: readonly BandKind[]
  readonly leaves?: true
}

const all: readonly BandKind[] = ['deploy', 'ordered', 'down', 'silent']

function effectOf({ message, detail }: ApiEvent): Effect | undefined {
  const isOrder = detail['by'] === 'operator'
  switch (message) {
    case 'context disabled':
    case 'context stopped':
      return { begins: isOrder ? 'ordered' : 'deploy' }
    case 'context stays disabled by order':
    case 'context stays stopped by order':
    case 'node ejected by order':
      return { begins: 'ordered' }
    case 'node readmitted':
      return { ends: ['ordered'] }
    case 'context enabled':
      return { ends: [isOrder ? 'ordered' : 'deploy'] }
    case 'node left':
    case 'node removed':
    case 'dead node removed':
      return { begins: 'deploy', ends: ['down', 'silent'], leaves: true }
    case 'node joined':
      return { ends: ['down', 'silent'] }
    case 'node is down':
    case 'node ejected':
    case 'node reports that it is broken':
      return { begins: 'down' }
    case 'node is up':
    case 'node eligible again':
    case 'node is no longer broken':
      return { ends: ['down'] }
    case 'node stopped reporting; on standby until it reports again':
      return { begins: 'silent' }
    case 'node reports again':
      return { ends: ['silent'] }
    default:
      return undefined
  }
}

function add(event: ApiEvent, drafts: Map<string, Draft>): void {
  const { route } = event.detail
  const name = typeof route === 'string' ? route : ''
  const draft: Draft = drafts.get(name) ?? { bands: [], moments: [], open: new Map() }
  drafts.set(name, draft)
  const at = Date.parse(event.at)
  const effect = name === '' ? undefined : effectOf(event)
  const isNew = event.message === 'node joined' && !draft.open.has('deploy')
  if (effect === undefined || isNew)
    draft.moments.push({ at, text: textOf(event), isBad: event.level !== 'info' })
  if (effect === undefined) return
  for (const kind of effect.ends ?? []) {
    const band = draft.open.get(kind)
    if (band !== undefined) band.to = at
    draft.open.delete(kind)
  }
  const { begins, leaves } = effect
  if (begins === undefined) return
  let band = draft.open.get(begins)
  if (band === undefined) {
    band = { kind: begins, from: at, to: undefined, hasLeft: false }
    draft.open.set(begins, band)
    draft.bands.push(band)
  }
  band.hasLeft ||= leaves === true
}

/** A change as one line. */
export interface Change {
  readonly at: number
  readonly route: string
  /** `undefined`: a moment. */
  readonly kind: BandKind | undefined
  readonly isBad: boolean
  readonly text: string
}

/** The changes of all lanes, the newest first. @param now ms. */
export function changesOf(lanes: readonly Lane[], now: number): readonly Change[] {
  const changes = lanes.flatMap(({ route, bands, moments }): Change[] => [
    ...bands.map((band) => ({
      at: band.from,
      route,
      kind: band.kind,
      isBad: band.kind === 'down' || band.kind === 'silent',
      text: bandText(band, now),
    })),
    ...together(moments).map((moment) => ({ ...moment, route, kind: undefined })),
  ])
  return changes.sort((a, b) => b.at - a.at)
}

/** Moments with the same text as one, at the time of the last. */
function together(moments: readonly Moment[]): readonly Moment[] {
  const groups = new Map<string, { last: Moment; count: number }>()
  for (const moment of moments) {
    const count = (groups.get(moment.text)?.count ?? 0) + 1
    groups.set(moment.text, { last: moment, count })
  }
  return [...groups.values()].map(({ last, count }) =>
    count === 1 ? last : { ...last, text: `${last.text} (${count} times)` },
  )
}

function bandText({ kind, from, to, hasLeft }: Band, now: number): string {
  const time = duration((to ?? now) - from)
  const isOver = to !== undefined
  switch (kind) {
    case 'deploy':
      if (hasLeft) return isOver ? `redeployed, away for ${time}` : `left ${time} ago`
      return isOver
        ? `took contexts out of service for ${time}`
        : `has contexts out of service for ${time}`
    case 'ordered':
      return isOver ? `was out by order for ${time}` : `is out by order for ${time}`
    case 'down':
      return isOver ? `was down for ${time}` : `is down for ${time}`
    case 'silent':
      return isOver ? `did not report for ${time}` : `is silent for ${time}`
  }
}

/** The bands of all lanes, for charts. */
export const bandsIn = (lanes: readonly Lane[]): readonly Band[] =>
  lanes.flatMap(({ bands }) => bands)

export const kindsIn = (lanes: readonly Lane[]): readonly BandKind[] =>
  all.filter((kind) => lanes.some(({ bands }) => bands.some((band) => band.kind === kind)))
