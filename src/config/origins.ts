// Where each value of the configuration comes from. Used by config.ts, shown by the API.

import { type Document, isMap, type Node } from 'yaml'
import { configKeys } from './keys.ts'
import { shortForms } from './short-forms.ts'

export interface Origin {
  readonly source: 'file' | 'environment' | 'flag'
  /** As `topspin.yaml:3:1`, `TOPSPIN_WORKERS` or `--listen`. */
  readonly place: string
}

/** By key, as `control.listen`. A key that is missing has its default. */
export type Origins = ReadonlyMap<string, Origin>

/** @param placeAt the place of an offset in the file. */
export function originsInFile(
  document: Document,
  placeAt: (offset: number) => string,
): [string, Origin][] {
  return configKeys().flatMap(({ name, steps }): [string, Origin][] => {
    const node = nodeAt(document, steps) ?? shortFormAt(document, name)
    const offset = node?.range?.[0]
    return offset === undefined ? [] : [[name, { source: 'file', place: placeAt(offset) }]]
  })
}

const nodeAt = (document: Document, steps: readonly string[]): Node | undefined =>
  document.getIn(steps, true) as Node | undefined

/** The section of a key that is written as the value of this key. */
function shortFormAt(document: Document, name: string): Node | undefined {
  for (const [section, key] of shortForms) {
    if (name !== `${section}.${key}`) continue
    const node = nodeAt(document, section.split('.'))
    if (node !== undefined && (!isMap(node) || section === 'health')) return node
  }
  return undefined
}
