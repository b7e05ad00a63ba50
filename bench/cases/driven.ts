// A case in which wrk sends the same kind of request all the time.

import { load } from '../support/load.ts'
import { resources } from '../support/origin.ts'
import type { Drive } from '../support/wrk.ts'
import type { Case } from './case.ts'

const connections = 64

export function driven(
  about: Omit<Case, 'warmUp' | 'measure'>,
  kind: Drive['kind'],
  path: string,
): Case {
  const drive = { kind, path, connections, bodyBytes: resources[path] ?? 0 }
  return {
    ...about,
    warmUp: (target, seconds) => load(target, drive, seconds),
    measure: (target, seconds) => load(target, drive, seconds),
  }
}
