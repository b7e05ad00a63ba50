// The file behind symbolic links. Who replaces a file by renaming another one renames to that name, in the folder of that
// file: a link stays what somebody has made it, and a rename does not leave the file system.

import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** As many as Linux follows. */
const linksMax = 40

/** @returns the path itself where there is no link; of a link to nothing, the name at which the file is missing. */
export function linkedFile(path: string): string {
  let file = path
  for (let links = 0; links < linksMax; links++) {
    const next = linkAt(file)
    if (next === undefined) return file
    file = next
  }
  return file
}

/** Where the link at this path leads; `undefined`: it is none. */
function linkAt(path: string): string | undefined {
  try {
    return resolve(realpathSync(dirname(path)), readlinkSync(path))
  } catch {
    return undefined
  }
}
