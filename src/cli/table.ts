// Rows of text in aligned columns. Used by `topspin status`, the demo and the bench.

import { printable } from '../base/printable.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
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
