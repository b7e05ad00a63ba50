// Who may send a request that a rule applies to, by address and by rate.

import { networkOf } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import type { Asked } from './conditions.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { RateLimitSettings, RuleSettings } from './rule-settings.ts'

/** `undefined` where everybody may. @throws RangeError for an address or network that does not exist. */
export function deniedBy(
  { allow = [], deny = [] }: Pick<RuleSettings, 'allow' | 'deny'>,
  setting: string,
): ((address: string) => boolean) | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined
  const isAllowed = networkCheck(allow, `${setting}.allow`)
  const isDenied = networkCheck(deny, `${setting}.deny`)
  return (address) => isDenied(address) || (allow.length > 0 && !isAllowed(address))
}

/** Takes a token for the request. @returns 0, or how long until there is one, ms. */
export type Limit = (asked: Asked, now: number) => number

export function limitOf(settings: RateLimitSettings): Limit {
  const limiter = new RateLimiter(settings)
  const name = settings.header === undefined ? undefined : Buffer.from(settings.header)
  return ({ head: { fields }, origin }, now) => {
    const f = name === undefined ? -1 : fields.indexOf(name)
    const key = f >= 0 ? `=${fields.value(f)}` : networkOf(origin.clientOf(fields))
    return limiter.take(key.slice(0, keyMax), now)
  }
}

/** Characters of a value by which clients are told apart. */
const keyMax = 256
