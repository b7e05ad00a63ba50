// The Set-Cookie line of the proxy's own sticky cookie [RFC 6265 4.1, RFC 6265bis 4.1].

import type { InsertSettings } from './sticky-settings.ts'

interface CookieFacts {
  readonly value: string
  /** Path of the application, as `pathKey` returns it. */
  readonly context: string
  /** The request arrived over HTTPS. */
  readonly isSecure: boolean
}

export function cookieLine(
  { name, ttl, domain, path, sameSite, secure }: InsertSettings,
  { value, context, isSecure }: CookieFacts,
): Buffer {
  const setsSecure = secure === 'auto' ? isSecure : secure
  const attributes = [`Path=${path === 'context' ? contextPath(context) : path}`]
  if (domain !== undefined) attributes.push(`Domain=${domain}`)
  if (ttl !== undefined) attributes.push(`Max-Age=${Math.floor(ttl / 1_000)}`)
  attributes.push('HttpOnly')
  if (setsSecure) attributes.push('Secure')
  const attribute = sameSiteTexts[sameSite]
  // Browsers reject SameSite=None without Secure [RFC 6265bis 5.7].
  if (attribute !== '' && (sameSite !== 'none' || setsSecure)) attributes.push(attribute)
  return Buffer.from(`Set-Cookie: ${name}=${value}; ${attributes.join('; ')}\r\n`, 'latin1')
}

const sameSiteTexts: Readonly<Record<InsertSettings['sameSite'], string>> = {
  lax: 'SameSite=Lax',
  strict: 'SameSite=Strict',
  none: 'SameSite=None',
  off: '',
}

/** As clients send it: browsers compare the escaped path. */
function contextPath(context: string): string {
  if (context === '') return '/'
  return context.replace(/[^\w\-.~!$&'()*+=:@/]/gu, escaped)
}

function escaped(character: string): string {
  const digits = Buffer.from(character, 'utf8').toString('hex').toUpperCase()
  return digits.replace(/../g, '%$&')
}
