// The problems of messages in the wording of the protocol (mcmp.md 1.5). Java nodes react to the type; the text is for
// administrators. Used by the parsers and the registry.

import { mcmpLimits } from '../../base/limits.ts'

/**
 * `SYNTAX`: the message would fail again; a Java node stops until an administrator resets it. `MEM`: the state of the proxy
 * does not allow it; the node retries. `GENERAL`: unexpected; the node retries (mcmp.md decision 26).
 */
export type ProblemType = 'SYNTAX' | 'MEM' | 'GENERAL'

export interface McmpProblem {
  readonly ok: false
  readonly type: ProblemType
  /** Value of the `Mess` field. */
  readonly text: string
}

export const problem = (type: ProblemType, text: string): McmpProblem => ({ ok: false, type, text })

export const cannotParse: McmpProblem = problem(
  'SYNTAX',
  "SYNTAX: Can't parse MCMP message. It might have contained illegal symbols or unknown elements.",
)

export const messageTooBig: McmpProblem = problem('SYNTAX', 'SYNTAX: Message too big')
export const routeEmpty: McmpProblem = problem('SYNTAX', "SYNTAX: JVMRoute can't be empty")
export const fieldsMissing: McmpProblem = problem(
  'SYNTAX',
  'SYNTAX: Mandatory field(s) missing in message',
)
export const badLoad: McmpProblem = problem('SYNTAX', 'TODO: Bad value for Load')
export const tooManyPairs: McmpProblem = problem(
  'SYNTAX',
  `SYNTAX: Alias times Context is more than ${mcmpLimits.messagePairsMax}`,
)
export const routeMissing: McmpProblem = problem('SYNTAX', 'TODO: No JVMRoute given!')

/** @param name as in the protocol's texts, for example `LBGroup` for the key Domain. */
export const tooBig = (name: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: ${name} field too big`)
export const badValue = (name: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: ${name} field has bad value`)
export const invalidField = (key: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: Invalid field "${key}" in message`)
