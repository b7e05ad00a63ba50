// Makes the file names of custom candidacy functions, of lists of nodes and in rules absolute: they are relative to the
// configuration file, and a process that loads them may have another working directory. Pure.

import { resolve } from 'node:path'
import { readPolicyName } from '../candidacy/policy.ts'
import type { Config } from './schema.ts'

/** Keys of a source that are names of files. */
const sourceFiles: ReadonlySet<string> = new Set(['file', 'ca', 'tokenFile'])

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
    if (source === undefined) return entry
    const files = Object.entries(source)
      .filter(([key, name]) => sourceFiles.has(key) && name !== undefined)
      .map(([key, name]) => [key, resolve(folder, String(name))])
    return { ...entry, source: { ...source, ...Object.fromEntries(files) } }
  })
  const routes = config.routes.map((entry) => {
    const { auth } = entry
    const errors = entry.errors.map((page) => ({ ...page, file: resolve(folder, page.file) }))
    return {
      ...entry,
      errors,
      ...(auth === undefined ? {} : { auth: { ...auth, file: resolve(folder, auth.file) } }),
    }
  })
  return {
    ...config,
    to,
    routes,
    candidacy: absolute(config.candidacy),
    balance: config.balance.map((entry) =>
      entry.candidacy === undefined ? entry : { ...entry, candidacy: absolute(entry.candidacy) },
    ),
  }
}
