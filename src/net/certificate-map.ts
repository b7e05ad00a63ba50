// Which certificate a client gets: by the name that it asks for, the exact one before the wildcard of one label
// [RFC 9525 6.3], else the first; and among several of one name the first whose kind of key the client can verify. It is
// made once for a set of certificates, and replaced as a whole. Pure.

import type { ClientHello } from '../wire/tls/client-hello.ts'

/** `ec` has its curve behind it, as OpenSSL names it. */
export type KeyKind =
  | 'rsa'
  | 'rsa-pss'
  | 'ec prime256v1'
  | 'ec secp384r1'
  | 'ec secp521r1'
  | 'ed25519'
  | 'ed448'

export interface NamedCertificate {
  /** In lower case; `*.example.com` stands for one label before `.example.com`. */
  readonly names: readonly string[]
  /** Undefined: of another kind, which only a client gets for whom there is no other certificate. */
  readonly keyKind: KeyKind | undefined
}

/** The signature schemes of a key with TLS 1.3, and with 1.2 [RFC 8446 4.2.3]. */
const schemes: Readonly<Record<KeyKind, readonly number[]>> = {
  rsa: [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601],
  'rsa-pss': [0x0809, 0x080a, 0x080b],
  'ec prime256v1': [0x0403],
  'ec secp384r1': [0x0503],
  'ec secp521r1': [0x0603],
  ed25519: [0x0807],
  ed448: [0x0808],
}

/** With TLS 1.2 the scheme of an elliptic key names no curve. */
const ecSchemes12: readonly number[] = [0x0403, 0x0503, 0x0603]

/** The suites of TLS 1.2 for elliptic keys, Ed25519 and Ed448 included [RFC 8422 5.1.1]: ECDHE_ECDSA. */
const ecSuites: ReadonlySet<number> = new Set([
  0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c, 0xc05c, 0xc05d, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af,
  0xcca9,
])

const isRsa = (kind: KeyKind | undefined): boolean => kind === undefined || kind.startsWith('rsa')

export class CertificateMap<Entry extends NamedCertificate> {
  readonly entries: readonly Entry[]
  readonly #byName: ReadonlyMap<string, readonly Entry[]>
  readonly #others: readonly Entry[]

  /**
   * @param entries the first of one name and one kind of key counts; for a name, RSA comes last, because it costs most.
   * @param isStrict a client that asks for no name of the list, or for none at all, gets no certificate.
   */
  constructor(entries: readonly Entry[], isStrict: boolean = false) {
    this.entries = entries
    this.#byName = byName(entries)
    const [first] = entries
    this.#others = isStrict || first === undefined ? [] : defaultsOf(first, this.#byName)
  }

  /** @param hello undefined for a client whose message cannot be read. */
  find(hello: ClientHello | undefined): Entry | undefined {
    const name = hello?.serverName
    const candidates = (name === undefined ? undefined : this.#named(name)) ?? this.#others
    if (hello === undefined || candidates.length < 2) return candidates[0]
    return candidates.find(({ keyKind }) => canVerify(hello, keyKind)) ?? candidates.at(-1)
  }

  /** Whether this name has certificates, and the one of this entry is not for it. @param name in lower case. */
  isElsewhere(entry: Entry, name: string): boolean {
    if (entry.names.includes(name) || entry.names.includes(wildcardOf(name))) return false
    return this.#named(name) !== undefined
  }

  #named(name: string): readonly Entry[] | undefined {
    return this.#byName.get(name) ?? this.#byName.get(wildcardOf(name))
  }
}

/** The wildcard for a name; one that is nowhere for a name of one label. */
function wildcardOf(name: string): string {
  const dot = name.indexOf('.')
  return dot > 0 ? `*${name.slice(dot)}` : ''
}

function byName<Entry extends NamedCertificate>(
  entries: readonly Entry[],
): ReadonlyMap<string, readonly Entry[]> {
  const map = new Map<string, Entry[]>()
  for (const entry of [...entries].sort(
    (a, b) => Number(isRsa(a.keyKind)) - Number(isRsa(b.keyKind)),
  ))
    for (const name of entry.names) {
      const list = map.get(name)
      if (list === undefined) map.set(name, [entry])
      else if (!list.some(({ keyKind }) => keyKind === entry.keyKind)) list.push(entry)
    }
  return map
}

/** The first certificate, and those of the same name with keys of other kinds. */
function defaultsOf<Entry extends NamedCertificate>(
  first: Entry,
  names: ReadonlyMap<string, readonly Entry[]>,
): readonly Entry[] {
  const same = names.get(first.names[0] ?? '')
  return same?.includes(first) === true ? same : [first]
}

function canVerify(hello: ClientHello, kind: KeyKind | undefined): boolean {
  if (kind === undefined) return false
  const { signatureSchemes, cipherSuites, isTls13 } = hello
  const has = (list: readonly number[]): boolean =>
    list.some((scheme) => signatureSchemes.includes(scheme))
  if (isRsa(kind)) return signatureSchemes.length === 0 || has(schemes[kind])
  if (isTls13) return has(schemes[kind])
  const suits = has(kind.startsWith('ec ') ? ecSchemes12 : schemes[kind])
  return suits && cipherSuites.some((suite) => ecSuites.has(suite))
}
