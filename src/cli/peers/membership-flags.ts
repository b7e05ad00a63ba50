// The flags of `topspin announce` and `topspin peer` about membership among peers, as options. The key may come from
// the environment, where other users of the machine cannot read it.

import { type Environment, EnvironmentReader, present } from '../../base/environment.ts'
import { TopspinError } from '../../base/errors.ts'
import type { MembershipOptions, WithoutAddress } from '../../peer/options.ts'
import { peerKeyProblem, readPeerKey } from '../../peer/peer-key.ts'

export interface MembershipFlags {
  readonly target: string
  readonly group: readonly string[]
  readonly peerKey?: readonly string[]
  /** Former name of `peerKey`. */
  readonly key?: readonly string[]
  readonly context?: readonly string[]
  readonly address?: string
  /** Former name of `address`. */
  readonly advertise?: string
  readonly name?: string
  readonly interface?: string
  /** Milliseconds. */
  readonly period?: number
  readonly ttl?: number
  readonly capacity?: number
}

/**
 * @param warn receives a sentence for each former or misspelt name.
 * @throws TopspinError BAD_OPTION for a key that is the name of a file.
 */
export function membershipOptions(
  flags: MembershipFlags,
  warn: (text: string) => void,
  environment: Environment = process.env,
): WithoutAddress<MembershipOptions> {
  if (flags.key !== undefined) warn('--key is now called --peer-key; please rename it')
  if (flags.advertise !== undefined) warn('--advertise is now called --address; please rename it')
  const { group, name, interface: which, ttl, capacity } = flags
  return {
    group,
    ...present({
      key: keysOf(flags, new EnvironmentReader(environment), warn),
      contexts: flags.context,
      address: flags.address ?? flags.advertise,
      name,
      interface: which,
      periodMs: flags.period,
      ttl,
      capacity,
    }),
  }
}

/** The keys of the flags, else that of the environment. */
function keysOf(
  flags: MembershipFlags,
  variables: EnvironmentReader,
  warn: (text: string) => void,
): readonly string[] | undefined {
  const fromFlags = flags.peerKey ?? flags.key
  const fromEnvironment = fromFlags === undefined ? readPeerKey(variables) : undefined
  for (const text of [...variables.warnings, ...variables.hints]) warn(text)
  const problems = [...variables.problems]
  for (const key of fromFlags ?? []) {
    const problem = peerKeyProblem(key)
    if (problem !== undefined) problems.push(`--peer-key ${problem}`)
  }
  if (problems.length > 0)
    throw new TopspinError('BAD_OPTION', problems.join('; '), { side: 'proxy', phase: 'control' })
  return fromFlags ?? (fromEnvironment === undefined ? undefined : [fromEnvironment])
}
