// Long lists of changes in short parts, so that a worker can serve requests between two of them. Pure.

import type { Change } from './snapshot.ts'

const partMin = 32

/**
 * The end of the part that begins at `from`. It is behind the contexts of a node: one that takes the place of another comes
 * together with its contexts.
 */
export function partEnd(changes: readonly Change[], from: number): number {
  let end = Math.min(from + partMin, changes.length)
  while (end < changes.length && !endsPart(changes[end - 1] as Change)) end++
  return end
}

const endsPart = ({ kind }: Change): boolean => kind === 'contexts' || kind === 'load'
