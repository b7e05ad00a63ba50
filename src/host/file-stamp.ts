// Whether a file is still the one that was read: a text that changes with its contents, also where another file takes its
// name or a symbolic link points elsewhere.

import { type Stats, statSync } from 'node:fs'

/** @param stats undefined when there is no such file. */
export const fileStamp = (stats: Stats | undefined): string =>
  stats === undefined
    ? ''
    : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`

/** '' when the path leads to no file: a name that is too long, a loop of links and a folder without permission, too. */
export function fileStampAt(path: string): string {
  try {
    return fileStamp(statSync(path, { throwIfNoEntry: false }))
  } catch {
    return ''
  }
}
