// The shared secret of the control listener as it goes over the wire: in `Authorization`, as Bearer from
// programs [RFC 6750 2.1] or as the password of Basic from browsers [RFC 7617]. Both ends use it.

const bytesMin = 8
const bytesMax = 256

/** For messages about a text that is none. */
export const secretForm: string = `${bytesMin} to ${bytesMax} visible ASCII characters without blanks`

export const isSecret = (text: string): boolean =>
  text.length >= bytesMin && text.length <= bytesMax && /^[\x21-\x7e]+$/.test(text)

/** The value of an `Authorization` field. @throws RangeError for what is no secret. */
export function writeSecret(secret: string): string {
  if (!isSecret(secret)) throw new RangeError(`a secret is ${secretForm}`)
  return `Bearer ${secret}`
}

/** The secret in the value of an `Authorization` field; `undefined` when there is none. */
export function readSecret(value: string): string | undefined {
  const match = /^(bearer|basic) +(\S{1,1024})$/i.exec(value)
  if (match === null) return undefined
  const [, scheme = '', credentials = ''] = match
  if (scheme.toLowerCase() === 'bearer') return credentials
  const pair = Buffer.from(credentials, 'base64').toString('latin1')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : pair.slice(colon + 1)
}
