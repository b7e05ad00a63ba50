// The parts of a Set-Cookie value that decide whether it carries a session [RFC 6265 4.1].

export interface SetCookie {
  readonly name: string
  /** Without quotes. */
  readonly value: string
  /**
   * It may carry a session: it ends with the browser's session, as session cookies do by definition, or scripts cannot read
   * it, as session libraries set theirs even where they give them a lifetime. A cookie that is being deleted carries none.
   */
  readonly isSession: boolean
}

/** @param now wall clock, ms. */
export function readSetCookie(field: string, now: number): SetCookie {
  const [pair = '', ...attributes] = field.split(';')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : pair.slice(0, equals).trim()
  const value = pair
    .slice(equals + 1)
    .trim()
    .replace(/^"(.*)"$/, '$1')
  let expiresAt: number | undefined
  let maxAge: number | undefined
  let isHttpOnly = false
  for (const attribute of attributes) {
    const [key = '', text = ''] = attribute.split('=', 2).map((part) => part.trim())
    switch (key.toLowerCase()) {
      case 'max-age':
        if (/^-?\d+$/.test(text)) maxAge = Number(text)
        break
      case 'expires': {
        const at = Date.parse(text)
        if (!Number.isNaN(at)) expiresAt = at
        break
      }
      case 'httponly':
        isHttpOnly = true
    }
  }
  // Max-Age comes before Expires [RFC 6265 5.3].
  const isDeleted = maxAge === undefined ? (expiresAt ?? now) < now : maxAge <= 0
  const lasts = maxAge !== undefined || expiresAt !== undefined
  return {
    name,
    value,
    isSession: name !== '' && value !== '' && !isDeleted && (!lasts || isHttpOnly),
  }
}
