// Who may send a request that a rule applies to, by address and by rate.

import { ownText } from '../../base/own-text.ts'
import { networkOf } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import { type Fields, text } from '../../wire/http/fields.ts'
import type { Asked } from './asked.ts'
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
  const { header } = settings
  const name = header === undefined ? undefined : Buffer.from(header)
  return (asked, now) => {
    const { fields } = asked.head
    const f = name === undefined ? -1 : fields.indexOf(name)
    const key = f >= 0 ? `=${beginning(fields, f)}` : ownText(networkOf(asked.client))
    return limiter.take(key, now)
  }
}

/** Of a value by which clients are told apart, so that the table of the limiter is bounded in bytes, too. */
function beginning(fields: Fields, index: number): string {
  const from = fields.valueFrom(index)
  return text(fields.bytes, from, Math.min(fields.valueTo(index), from + keyMax))
}

/** Characters of it. */
const keyMax = 256
