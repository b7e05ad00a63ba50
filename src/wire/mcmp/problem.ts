// What can be wrong with a message, in the words of the protocol (mcmp.md 1.5): Java nodes act upon the
// type, people and tests read the text. Made by the parser, the frame reader and the registry.

import { mcmpLimits } from '../../base/limits.ts'

/**
 * `SYNTAX`: would fail again unchanged; a Java node then stays away until an operator resets it.
 * `MEM`: the state does not allow it; retried. `GENERAL`: unexpected; retried (decision 26).
 */
export type ProblemType = 'SYNTAX' | 'MEM' | 'GENERAL'

export interface McmpProblem {
  readonly ok: false
  readonly type: ProblemType
  /** The `Mess` header. */
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

/** `name` as the protocol writes it, for example `LBGroup` for the key Domain. */
export const tooBig = (name: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: ${name} field too big`)
export const badValue = (name: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: ${name} field has bad value`)
export const invalidField = (key: string): McmpProblem =>
  problem('SYNTAX', `SYNTAX: Invalid field "${key}" in message`)
