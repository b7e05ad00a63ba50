// Candidacy functions from users' modules: `./policies/nearest.js#byRack eu-1`. Their result is checked: it must be a
// list of candidates that they received, each at most once. Anything else counts as a failure and leaves the list
// unchanged.

import { type Candidate, type Means, type Step, stepOf } from './candidacy.ts'

/** A user's function as named in the configuration. */
export interface PolicyName {
  /** `file#name`: key in `Means.policies`. */
  readonly key: string
  /** A path, relative or absolute, or a `file:` address. */
  readonly file: string
  readonly name: string
  readonly argument: string
}

/** @returns `undefined` if the text names no module, or an error message. */
export function readPolicyName(text: string): PolicyName | string | undefined {
  if (!/^(?:\.{0,2}\/|file:)/.test(text)) return undefined
  const parts = /^(\S[^#]*)#([A-Za-z_$][\w$]*)(?:\s+(.*))?$/.exec(text)
  const [, file, name, argument = ''] = parts ?? []
  if (file === undefined || name === undefined) {
    return `${text}: a module without a function; write ./FILE.js#NAME ARGUMENT`
  }
  return { key: `${file}#${name}`, file, name, argument: argument.trim() }
}

/** @throws RangeError when the module is not loaded. */
export function userStep(policy: PolicyName, means: Means): Step {
  const candidacy = means.policies.get(policy.key)
  if (candidacy === undefined) throw new RangeError(`${policy.key} has not been loaded`)
  const { key, argument } = policy
  return stepOf(argument === '' ? key : `${key} ${argument}`, {
    readsRequest: true,
    readsLatency: true,
    // A copy: a function that sorts in place must not change the list that all requests share.
    apply: (candidates, exchange, clock) =>
      checked(candidacy(candidates.slice(), exchange, clock, argument), candidates),
  })
}

function checked(result: unknown, given: readonly Candidate[]): readonly Candidate[] {
  if (!Array.isArray(result)) {
    // An unhandled rejection would end the process.
    if (result instanceof Promise) result.catch(() => {})
    throw new TypeError('it did not return a list')
  }
  const left = new Set<unknown>(given)
  for (const candidate of result) {
    if (left.delete(candidate)) continue
    throw new TypeError('it returned a candidate twice, or one that it did not receive')
  }
  // A copy: the function may keep its list and modify it later.
  return result.slice()
}
