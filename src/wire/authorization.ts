// The shared secret of the control listener in `Authorization`: as Bearer from programs [RFC 6750 2.1], or as the password of
// Basic from browsers [RFC 7617]. Used by control/ and by clients of the control listener.

const bytesMin = 8
const bytesMax = 256

/** Syntax of a secret, for messages. */
export const secretForm: string = `${bytesMin} to ${bytesMax} visible ASCII characters without blanks`

/** Whether a text can be a secret. */
export const isSecret = (text: string): boolean =>
  text.length >= bytesMin && text.length <= bytesMax && /^[\x21-\x7e]+$/.test(text)

/** The value of `Authorization` with this secret. @throws RangeError for an invalid one. */
export function writeSecret(secret: string): string {
  if (!isSecret(secret)) throw new RangeError(`a secret is ${secretForm}`)
  return `Bearer ${secret}`
}

/** The secret in a value of `Authorization`; `undefined` when there is none. */
export function readSecret(value: string): string | undefined {
  const match = /^(bearer|basic) +(\S{1,1024})$/i.exec(value)
  if (match === null) return undefined
  const [, scheme = '', credentials = ''] = match
  if (scheme.toLowerCase() === 'bearer') return credentials
  const pair = Buffer.from(credentials, 'base64').toString('latin1')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : pair.slice(colon + 1)
}
