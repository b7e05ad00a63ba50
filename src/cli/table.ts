// Rows of text in aligned columns. Used by `topspin status`, the demo and the bench.

import { printable } from '../base/printable.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Where the table is too wide, columns are left out, the highest number first. Default: never. */
  readonly rank?: number
}

/** One line for the titles and one for each row, without trailing blanks. Cells may hold text from elsewhere. */
export function alignTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const all = [columns.map((column) => column.title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)))
  return all.map((row) =>
    columns
      .map((column, index) => {
        const cell = row[index] ?? ''
        const width = widths[index] ?? 0
        return column.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** The same, with as many columns as fit into `width`, and the titles of those that were left out. */
export function fittedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): { readonly lines: readonly string[]; readonly leftOut: readonly string[] } {
  let kept = columns.map((column, index) => ({ column, index }))
  const leftOut: string[] = []
  for (;;) {
    const lines = alignTable(
      kept.map(({ column }) => column),
      rows.map((row) => kept.map(({ index }) => row[index] ?? '')),
    )
    const highest = kept.reduce((most, { column }) => Math.max(most, column.rank ?? 0), 0)
    if (highest === 0 || lines.every((line) => line.length <= width)) return { lines, leftOut }
    for (const { column } of kept) if (column.rank === highest) leftOut.push(column.title)
    kept = kept.filter(({ column }) => column.rank !== highest)
  }
}
