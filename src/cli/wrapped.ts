// Sentences as lines that fit a terminal. Used by commands that print more than tables.

/** Narrower terminals get lines of this length. */
const widthMin = 30

/**
 * The text in lines of at most `width` characters, broken at blanks; a word that is longer is broken where the line ends.
 * @param width of the terminal; `undefined`, as for pipes and files: one line.
 * @param indent blanks in front of each line but the first.
 */
export function wrapped(text: string, width: number | undefined, indent: number = 0): string {
  if (width === undefined || text.length <= width) return text
  const most = Math.max(widthMin, width)
  const lines: string[] = []
  let rest = text
  while (rest.length > most) {
    const begin = lines.length === 0 ? 0 : indent
    const blank = rest.lastIndexOf(' ', most)
    const end = blank > begin ? blank : most
    lines.push(rest.slice(0, end).trimEnd())
    rest = ' '.repeat(indent) + rest.slice(end).trimStart()
  }
  return [...lines, rest].join('\n')
}
