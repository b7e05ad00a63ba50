// Changes of a head that is written already: lines are removed, and others are put behind the rest. What is written stays
// canonical: the lines that are added come from `fieldLine`.

import { COLON, CR } from './bytes.ts'
import { foldsToName, isNamed } from './field-name.ts'
import type { Out } from './out.ts'

interface HeadEdits {
  /** Names of fields in lower case. */
  readonly removed: readonly Uint8Array[]
  /** Names that fold to one of `removed` (`foldsToName`) are removed, too. */
  readonly folds: boolean
  /** Whole lines. */
  readonly added: Uint8Array
}

/** @param out holds a head of canonical lines and nothing else. */
export function editHead(out: Out, { removed, folds, added }: HeadEdits): void {
  const isRemoved = folds ? foldsToAny : isAmong
  const { bytes } = out
  const end = out.length - 2
  let at = bytes.indexOf('\r\n', 0, 'latin1') + 2
  let kept = at
  while (at < end) {
    let nameTo = at
    while (bytes[nameTo] !== COLON) nameTo++
    let next = nameTo
    while (bytes[next] !== CR) next++
    next += 2
    if (!isRemoved(bytes, at, nameTo, removed)) {
      if (kept < at) bytes.copyWithin(kept, at, next)
      kept += next - at
    }
    at = next
  }
  out.length = kept
  out.raw(added)
  out.crlf()
}

/** Whether bytes[from..to) is one of these names. @param names in lower case. */
export function isAmong(
  bytes: Buffer,
  from: number,
  to: number,
  names: readonly Uint8Array[],
): boolean {
  for (const name of names) if (isNamed(bytes, from, to, name)) return true
  return false
}

const foldsToAny: typeof isAmong = (bytes, from, to, names) => {
  for (const name of names) if (foldsToName(bytes, from, to, name)) return true
  return false
}
