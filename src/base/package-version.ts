// The version of this package, from its package.json. Used by the commands and the pages of the control listener.

import { readFileSync } from 'node:fs'

let version: string | undefined

export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  return version
}

const file = new URL('../../../package.json', import.meta.url)
