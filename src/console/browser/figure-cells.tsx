// The cells of a row for how its requests go: of a node, or of a context on all its nodes.

import type { ComponentChildren } from 'preact'
import { milliseconds, numberText } from '../model/format.ts'

interface Figures {
  readonly inFlight: number
  readonly perSecond: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly errorsPerSecond: number
}

interface Properties {
  readonly figures: Figures
  /** Stands behind the requests in flight. */
  readonly children?: ComponentChildren
}

export const FigureCells = ({ figures, children }: Properties) => (
  <>
    <span role="cell" class="cell number" data-name="in flight">
      {numberText(figures.inFlight)}
      {children}
    </span>
    <span role="cell" class="cell number" data-name="requests/s">
      {numberText(figures.perSecond)}
    </span>
    <span role="cell" class="cell number median" data-name="p50">
      {milliseconds(figures.p50Ms)}
    </span>
    <span role="cell" class="cell number" data-name="p99">
      {milliseconds(figures.p99Ms)}
    </span>
    <span
      role="cell"
      class={figures.errorsPerSecond > 0 ? 'cell number bad' : 'cell number'}
      data-name="errors/s"
    >
      {numberText(figures.errorsPerSecond)}
    </span>
  </>
)
