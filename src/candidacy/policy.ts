// Functions of users' modules: `./policies/nearest.js#byRack eu-1`. What they give back is checked: only
// candidates that they were given, each once; anything else is a failure and leaves the list as it was.

import { type Candidate, type Means, type Step, stepOf } from './candidacy.ts'

/** A module's function as the configuration names it. */
export interface PolicyName {
  /** `file#name`: the key among `Means.policies`. */
  readonly key: string
  /** A path, relative or absolute, or a `file:` address. */
  readonly file: string
  readonly name: string
  readonly argument: string
}

/** `undefined` when the text names no module at all; a text says what is wrong with it. */
export function readPolicyName(text: string): PolicyName | string | undefined {
  if (!/^(?:\.{0,2}\/|file:)/.test(text)) return undefined
  const parts = /^(\S[^#]*)#([A-Za-z_$][\w$]*)(?:\s+(.*))?$/.exec(text)
  const [, file, name, argument = ''] = parts ?? []
  if (file === undefined || name === undefined) {
    return `${text}: a module without a function; write ./FILE.js#NAME ARGUMENT`
  }
  return { key: `${file}#${name}`, file, name, argument: argument.trim() }
}

/** @throws RangeError when the module has not been loaded. */
export function userStep(policy: PolicyName, means: Means): Step {
  const given = means.policies.get(policy.key)
  if (given === undefined) throw new RangeError(`${policy.key} has not been loaded`)
  const { key, argument } = policy
  return stepOf(argument === '' ? key : `${key} ${argument}`, {
    readsRequest: true,
    readsLatency: true,
    // A copy: a function that sorts in place must not disturb the list that all requests share.
    apply: (candidates, exchange, clock) =>
      checked(given(candidates.slice(), exchange, clock, argument), candidates),
  })
}

function checked(result: unknown, given: readonly Candidate[]): readonly Candidate[] {
  if (!Array.isArray(result)) {
    // A promise that nobody waits for must not end the process when it fails.
    if (result instanceof Promise) result.catch(() => {})
    throw new TypeError('it did not give back a list')
  }
  const left = new Set<unknown>(given)
  for (const candidate of result) {
    if (left.delete(candidate)) continue
    throw new TypeError('it gave back a candidate twice, or one that it was not given')
  }
  // A copy: the function may keep its list and change it later.
  return result.slice()
}
