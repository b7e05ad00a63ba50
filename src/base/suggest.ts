// "Did you mean": the known name nearest to a misspelt one. Used for configuration keys, environment variables and
// candidacy functions; commander does the same for flags and commands.

/**
 * The nearest of `known`; undefined when none is near enough to be a misspelling.
 * @param editsMax upper limit of letters that may differ. Default: a third of the word, at least one.
 */
export function suggest(
  word: string,
  known: readonly string[],
  editsMax: number = Number.POSITIVE_INFINITY,
): string | undefined {
  const limit = Math.min(editsMax, Math.max(1, Math.floor(word.length / 3)))
  const near = known
    .map((name) => ({ name, edits: editsBetween(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.name
}

/** 0 where one word is the plural of the other. */
const editsBetween = (a: string, b: string): number =>
  isPlural(a, b) || isPlural(b, a) ? 0 : distance(a, b)

const isPlural = (many: string, one: string): boolean =>
  many === `${one}s` || many === `${one}es` || many === one.replace(/y$/, 'ies')

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function distance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      )
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1)
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, b.length)
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Number.POSITIVE_INFINITY
}
