// Reports of nodes, as proxies tell each other those that they have heard: a line for each node, in messages of limited
// length. Pure.
//
//     1 front-1 4711
//     shop-a 73 120 r
//
// The form, the proxy and a number; then the route, the load factor (`-`: none yet), the age of the report in ms, and flags:
// `r` for a report that was not told before, `d` for a load factor of default metrics alone.

import { decodeName, encodeName } from './keys.ts'

export interface Heard {
  readonly route: string
  readonly factor: number | undefined
  readonly isDefault: boolean
  readonly ageMs: number
  readonly isNew: boolean
}

export interface LoadMessage {
  readonly proxy: string
  readonly number: number
  readonly heard: readonly Heard[]
}

/** @param first number of the first text. @param bytesMax of one text. */
export function writeLoads(
  proxy: string,
  first: number,
  heard: Iterable<Heard>,
  bytesMax: number,
): readonly string[] {
  const texts: string[] = []
  const head = (): string => `1 ${encodeName(proxy)} ${first + texts.length}`
  let text = head()
  for (const each of heard) {
    const line = lineOf(each)
    if (text.length + line.length + 1 > bytesMax) {
      texts.push(text)
      text = head()
    }
    text += `\n${line}`
  }
  if (text.includes('\n')) texts.push(text)
  return texts
}

function lineOf({ route, factor, isDefault, ageMs, isNew }: Heard): string {
  const flags = `${isNew ? 'r' : ''}${isDefault ? 'd' : ''}`
  return `${encodeName(route)} ${factor ?? '-'} ${Math.round(ageMs)}${flags === '' ? '' : ` ${flags}`}`
}

/** @returns `undefined` for a text of another form; lines that are none are left out. */
export function readLoads(text: string): LoadMessage | undefined {
  const [head = '', ...lines] = text.split('\n')
  const match = /^1 (\S{1,300}) (\d{1,15})$/.exec(head)
  const proxy = match === null ? undefined : decodeName(match[1] as string)
  if (match === null || proxy === undefined) return undefined
  return { proxy, number: Number(match[2]), heard: lines.flatMap((line) => heardIn(line) ?? []) }
}

function heardIn(line: string): Heard | undefined {
  const match = /^(\S{1,200}) (-|-1|\d{1,3}) (\d{1,9})(?: ([rd]{1,2}))?$/.exec(line)
  if (match === null) return undefined
  const [, name = '', factor = '', age = '', flags = ''] = match
  const route = decodeName(name)
  const load = factor === '-' ? undefined : Number(factor)
  if (route === undefined || (load !== undefined && load > 100)) return undefined
  return {
    route,
    factor: load,
    isDefault: flags.includes('d'),
    ageMs: Number(age),
    isNew: flags.includes('r'),
  }
}
