// Makes the file names of custom candidacy functions and of lists of nodes absolute: they are relative to the
// configuration file, and a process that loads them may have another working directory. Pure.

import { resolve } from 'node:path'
import { readPolicyName } from '../candidacy/policy.ts'
import type { Config } from './schema.ts'

export function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (candidacy: readonly string[]): readonly string[] =>
    candidacy.map((text) => {
      const policy = readPolicyName(text.trim())
      if (policy === undefined || typeof policy === 'string' || policy.file.startsWith('file:')) {
        return text
      }
      return `${resolve(folder, policy.file)}#${policy.name} ${policy.argument}`.trim()
    })
  const to = config.to.map((entry) => {
    const { source } = entry
    if (source?.kind !== 'file') return entry
    return { ...entry, source: { ...source, file: resolve(folder, source.file) } }
  })
  return {
    ...config,
    to,
    candidacy: absolute(config.candidacy),
    balance: config.balance.map((entry) =>
      entry.candidacy === undefined ? entry : { ...entry, candidacy: absolute(entry.candidacy) },
    ),
  }
}
