// Who hands over to whom, as rows and columns.

import type { ApiPeers, ApiSent } from './api.ts'
import { numberText, percent } from './format.ts'

interface MatrixRow {
  readonly from: string
  /** One for each column. */
  readonly cells: readonly MatrixCell[]
  readonly total: number
}

interface MatrixCell {
  readonly to: string
  /** `undefined`: nothing was sent. */
  readonly sent: ApiSent | undefined
  /** Of the greatest number in the matrix, 0..1. */
  readonly share: number
}

/** Rows for the peers that were read, columns for all. */
export function matrixOf({ peers, sent }: Pick<ApiPeers, 'peers' | 'sent'>): {
  readonly columns: readonly string[]
  readonly rows: readonly MatrixRow[]
} {
  const columns = peers.map(({ name }) => name)
  const byPair = new Map(sent.map((each) => [JSON.stringify([each.from, each.to]), each]))
  const most = sent.reduce((greatest, { requests }) => Math.max(greatest, requests), 1)
  const rows = peers
    .filter(({ isRead }) => isRead)
    .map(({ name: from }) => {
      const cells = columns.map((to): MatrixCell => {
        const found = byPair.get(JSON.stringify([from, to]))
        return { to, sent: found, share: (found?.requests ?? 0) / most }
      })
      return {
        from,
        cells,
        total: cells.reduce((sum, cell) => sum + (cell.sent?.requests ?? 0), 0),
      }
    })
  return { columns, rows }
}

export function sentTitle(from: string, to: string, sent: ApiSent | undefined): string {
  if (sent === undefined) return `${from} has handed nothing over to ${to}`
  const { requests, failures, inFlight, state, loss } = sent
  const parts = [
    `${from} has handed ${numberText(requests)} over to ${to}`,
    `${numberText(inFlight)} in flight`,
    `${numberText(failures)} failed`,
    `${to} is ${state} for it`,
    ...(loss > 0 ? [`${percent(loss)} of its announcements did not arrive`] : []),
  ]
  return parts.join(', ')
}
