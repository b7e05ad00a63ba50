// Which coding of a response's body the client prefers [RFC 9110 12.5.3].

/** The content codings that the proxy can apply. */
export type Coding = 'br' | 'gzip'

/**
 * @param value of Accept-Encoding, the lines joined by commas; '' without one.
 * @param codings in the order in which they are taken when the client likes several equally.
 * @returns `undefined` when the body is to be sent as it is.
 */
export function preferredCoding(value: string, codings: readonly Coding[]): Coding | undefined {
  const weights = weightsIn(value)
  const others = weights.get('*') ?? 0
  let best: Coding | undefined
  let most = 0
  for (const coding of codings) {
    const weight = weights.get(coding) ?? others
    if (weight > most) {
      best = coding
      most = weight
    }
  }
  // A client that names `identity` with a greater weight likes the plain body better.
  return most >= (weights.get('identity') ?? 0) ? best : undefined
}

/** The least of each coding that is named more than once. */
function weightsIn(value: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const element of value.split(',')) {
    const [name = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
    if (name === '') continue
    const coding = name === 'x-gzip' ? 'gzip' : name
    weights.set(coding, Math.min(weights.get(coding) ?? 1, weightOf(parameters)))
  }
  return weights
}

/** 0 for a weight that is none: then the coding is not used. */
function weightOf(parameters: readonly string[]): number {
  const [weight, ...more] = parameters
  if (weight === undefined) return 1
  const [, digits] = /^q[ \t]{0,9}=[ \t]{0,9}(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(weight) ?? []
  return digits === undefined || more.length > 0 ? 0 : Number(digits)
}
