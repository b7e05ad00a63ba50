// Users' candidacy functions are named by files, relative to the configuration file; whoever loads them may
// have another working directory. Pure; called when a configuration has been read.

import { resolve } from 'node:path'
import { readPolicyName } from '../candidacy/policy.ts'
import type { Config } from './schema.ts'

/** The configuration with absolute paths. */
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
    balance: config.balance.map((entry) => ({ ...entry, candidacy: absolute(entry.candidacy) })),
  }
}
