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
  const titles = columns.map(({ title }) => printable(title))
  const all = [titles, ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) =>
    all.reduce((most, row) => Math.max(most, row[index]?.length ?? 0), 0),
  )
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

/** Cells are cut to this many characters at least, so that a name can still be told. */
const cellMin = 12

/** The same, with as many columns as fit into `width`, and the titles of those that were left out. Then long cells are cut. */
export function fittedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): { readonly lines: readonly string[]; readonly leftOut: readonly string[] } {
  const shown = rows.map((row) => row.map(printable))
  let kept = columns.map((column, index) => ({ column, index }))
  const leftOut: string[] = []
  for (;;) {
    const lines = alignTable(
      kept.map(({ column }) => column),
      shown.map((row) => kept.map(({ index }) => row[index] ?? '')),
    )
    const highest = kept.reduce((most, { column }) => Math.max(most, column.rank ?? 0), 0)
    if (lines.every((line) => line.length <= width)) return { lines, leftOut }
    if (highest === 0) {
      const columnsKept = kept.map(({ column }) => column)
      const cells = shown.map((row) => kept.map(({ index }) => row[index] ?? ''))
      return { lines: cutTable(columnsKept, cells, width), leftOut }
    }
    for (const { column } of kept) if (column.rank === highest) leftOut.push(column.title)
    kept = kept.filter(({ column }) => column.rank !== highest)
  }
}

/** The same as lines of text, with a note on the columns that were left out. @param width of the terminal; default: any. */
export function fittedText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const { lines, leftOut } = fittedTable(columns, rows, width)
  const note =
    leftOut.length === 0
      ? ''
      : `Left out for lack of width (see --json):\n  ${leftOut.join(', ')}\n`
  return `${lines.join('\n')}\n${note}`
}

/** The longest cells are cut until the lines fit. @param rows of printable text. */
function cutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((most, row) => Math.max(most, row[index]?.length ?? 0), title.length),
  )
  const between = 2 * (columns.length - 1)
  const total = (): number => widths.reduce((sum, each) => sum + each, between)
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= cellMin) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const cut = (cell: string, most: number): string =>
    cell.length <= most ? cell : `${cell.slice(0, most - 3).trimEnd()}...`
  return alignTable(
    columns,
    rows.map((row) => row.map((cell, index) => cut(cell, widths[index] ?? cell.length))),
  )
}
