// Makes the file names of custom candidacy functions absolute: they are relative to the configuration file, and a
// process that loads them may have another working directory. Pure.

import { resolve } from 'node:path'
import { readPolicyName } from '../candidacy/policy.ts'
import type { Config } from './schema.ts'

export function withAbsolutePolicies(config: Config, folder: string): Config {
  const absolute = (candidacy: readonly string[]): readonly string[] =>
    candidacy.map((text) => {
      const policy = readPolicyName(text.trim())
      if (policy === undefined || typeof policy === 'string' || policy.file.startsWith('file:')) {
        return text
      }
      return `${resolve(folder, policy.file)}#${policy.name} ${policy.argument}`.trim()
    })
  return {
    ...config,
    candidacy: absolute(config.candidacy),
    balance: config.balance.map((entry) =>
      entry.candidacy === undefined ? entry : { ...entry, candidacy: absolute(entry.candidacy) },
    ),
  }
}
