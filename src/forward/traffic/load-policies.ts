// Loads users' candidacy functions, which are ES modules. Called before the cascades that name them are made, in every
// process that forwards, and again at a reload: a changed file is read again.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { TopspinError } from '../../base/errors.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import type { CascadeEntry } from '../../candidacy/cascades.ts'
import type { PolicyName } from '../../candidacy/policy.ts'
import { policiesIn } from '../../candidacy/read.ts'

/**
 * @param base folder that relative paths start from. Default: the working directory.
 * @throws TopspinError POLICY when a file cannot be loaded or has no such function.
 */
export async function loadPolicies(
  entries: readonly Pick<CascadeEntry, 'candidacy'>[],
  base: string = '.',
): Promise<ReadonlyMap<string, UserCandidacy>> {
  const names = entries.flatMap(({ candidacy }) => policiesIn(candidacy))
  const loaded = await Promise.all(
    names.map(async (policy) => [policy.key, await load(policy, base)] as const),
  )
  return new Map(loaded)
}

async function load({ key, file, name }: PolicyName, base: string): Promise<UserCandidacy> {
  let exported: Record<string, unknown>
  try {
    const path = file.startsWith('file:') ? fileURLToPath(file) : resolve(base, file)
    const { mtimeMs } = await stat(path)
    // Node.js caches modules by their URL, and this file may have changed.
    exported = await import(`${pathToFileURL(path).href}?changed=${mtimeMs}`)
  } catch (cause) {
    throw failure(`${key} cannot be loaded: ${(cause as Error).message}`, cause)
  }
  const found = exported[name]
  if (typeof found === 'function') return found as UserCandidacy
  const functions = Object.keys(exported).filter((other) => typeof exported[other] === 'function')
  throw failure(
    `${key}: the module exports no function ${name}; there are: ${functions.join(', ')}`,
    undefined,
  )
}

function failure(message: string, cause: unknown): TopspinError {
  return new TopspinError('POLICY', message, { side: 'proxy', phase: 'choose', cause })
}
