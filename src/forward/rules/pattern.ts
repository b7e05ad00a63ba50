// A text with one `*` for any characters.

export function patternOf(value: string): (given: string) => boolean {
  const star = value.indexOf('*')
  if (star < 0) return (given) => given === value
  const [before, behind] = [value.slice(0, star), value.slice(star + 1)]
  const least = before.length + behind.length
  return (given) => given.length >= least && given.startsWith(before) && given.endsWith(behind)
}
