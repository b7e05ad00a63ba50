// The flags of `topspin announce` and `topspin peer` about membership among peers, as options. The key may come from
// the environment, where other users of the machine cannot read it.

import { type Environment, EnvironmentReader, present } from '../../base/environment.ts'
import { TopspinError } from '../../base/errors.ts'
import { yesNo } from '../../base/value-forms.ts'
import type { MembershipOptions, WithoutAddress } from '../../peer/options.ts'
import { peerKeyProblem, readPeerKey } from '../../peer/peer-key.ts'

export interface MembershipFlags {
  readonly target: string
  readonly group: readonly string[]
  readonly natsCreds?: string
  readonly natsCa?: string
  readonly natsCert?: string
  readonly natsKey?: string
  readonly peerKey?: readonly string[]
  /** Former name of `peerKey`. */
  readonly key?: readonly string[]
  readonly insecure?: boolean
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
 * @param warn receives a sentence for each former name.
 * @throws TopspinError BAD_OPTION for misspelt variables, and for a key that is the name of a file.
 */
export function membershipOptions(
  flags: MembershipFlags,
  warn: (text: string) => void,
  environment: Environment = process.env,
): WithoutAddress<MembershipOptions> {
  if (flags.key !== undefined) warn('--key is now called --peer-key; please rename it')
  if (flags.advertise !== undefined) warn('--advertise is now called --address; please rename it')
  const { natsCreds: creds, natsCa: ca, natsCert: cert, natsKey } = flags
  const nats = present({ creds, ca, cert, key: natsKey })
  const { group, name, interface: which, ttl, capacity } = flags
  const variables = new EnvironmentReader(environment)
  const options = {
    group,
    ...present({
      key: keysOf(flags, variables),
      insecure: flags.insecure ?? (variables.value('INSECURE', yesNo) as boolean | undefined),
      contexts: flags.context,
      address: flags.address ?? flags.advertise,
      name,
      interface: which,
      periodMs: flags.period,
      ttl,
      capacity,
      nats: Object.keys(nats).length === 0 ? undefined : nats,
    }),
  }
  for (const text of variables.warnings) warn(text)
  const problems = [...variables.problems, ...variables.hints]
  if (problems.length > 0) throw badOption(problems)
  return options
}

const badOption = (problems: readonly string[]): TopspinError =>
  new TopspinError('BAD_OPTION', problems.join('; '), { side: 'proxy', phase: 'control' })

/** The keys of the flags, else that of the environment. Problems are added to those of the variables. */
function keysOf(
  flags: MembershipFlags,
  variables: EnvironmentReader,
): readonly string[] | undefined {
  const fromFlags = flags.peerKey ?? flags.key
  for (const key of fromFlags ?? []) {
    const problem = peerKeyProblem(key)
    if (problem !== undefined) variables.problems.push(`--peer-key ${problem}`)
  }
  if (fromFlags !== undefined) {
    variables.expect('PEER_KEY', 'KEY')
    return fromFlags
  }
  const fromEnvironment = readPeerKey(variables)
  return fromEnvironment === undefined ? undefined : [fromEnvironment]
}
