// The version of this package, from its package.json. Used by the commands and the pages of the control listener.

import { readFileSync } from 'node:fs'
import { moduleFile } from './module-file.ts'

let version: string | undefined

export function packageVersion(): string {
  version ??= versionIn(moduleFile('../../../package.json', import.meta.url))
  return version
}

/** `bundled` where a bundler has moved the code away from the file, so that there is none or that of another package. */
export function versionIn(file: URL): string {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    return name === 'topspin' ? (version ?? 'bundled') : 'bundled'
  } catch {
    return 'bundled'
  }
}
