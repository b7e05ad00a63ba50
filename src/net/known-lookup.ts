// The look-up of the names of nodes, with the addresses that each name had last. A resolver that fails or does not answer
// is a trouble of this machine and says nothing about a node: then the last addresses are used. Used by checked-lookup.ts.

import { type LookupAddress, lookup } from 'node:dns'
import { dnsLimits } from '../base/limits.ts'
import { isShortage } from './shortage.ts'

/** `dns.lookup` with `all: true`. */
export type Resolve = (
  name: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/** @param failure of the resolver, when the addresses are those of an earlier look-up. */
export type Found = (
  error: Error | null,
  addresses: readonly LookupAddress[],
  failure?: NodeJS.ErrnoException,
) => void

interface Name {
  readonly host: string
  /** None before the first answer. */
  addresses: readonly LookupAddress[]
  /** When the look-up under way began, ms; only while there are some who wait for it. */
  askedAt: number
  /** Those who wait for it; `undefined` while there is none. */
  waiting: Set<Found> | undefined
}

export class KnownLookup {
  readonly #resolve: Resolve
  readonly #now: () => number
  /** Those that were looked up last are at the end. */
  readonly #names: Map<string, Name> = new Map()

  constructor(resolve: Resolve = lookup, now: () => number = () => performance.now()) {
    this.#resolve = resolve
    this.#now = now
  }

  get size(): number {
    return this.#names.size
  }

  /**
   * Looks a name up, together with all others who ask for it meanwhile. Without an answer the addresses are those of the
   * last look-up that succeeded; there is an error where none has, as from a resolver that is out of order.
   * @param waitMs how long an answer is awaited; `dnsLimits.answerMs` at most where there are such addresses.
   */
  find(host: string, options: { readonly all: true }, waitMs: number, found: Found): void {
    const name = this.#nameOf(host)
    if (name.waiting === undefined) this.#ask(name, options)
    const { waiting = new Set(), addresses } = name
    const most = addresses.length === 0 ? waitMs : Math.min(waitMs, dnsLimits.answerMs)
    const timer = setTimeout(
      () => {
        waiting.delete(answered)
        giveLast(name, lateError(host), found)
      },
      Math.max(0, most - (this.#now() - name.askedAt)),
    )
    const answered: Found = (...answer) => {
      clearTimeout(timer)
      found(...answer)
    }
    waiting.add(answered)
  }

  #nameOf(host: string): Name {
    const known = this.#names.get(host)
    if (known !== undefined) return known
    if (this.#names.size >= dnsLimits.namesMax) {
      const [oldest = ''] = this.#names.keys()
      this.#names.delete(oldest)
    }
    const name: Name = { host, addresses: [], askedAt: 0, waiting: undefined }
    this.#names.set(host, name)
    return name
  }

  #ask(name: Name, options: { readonly all: true }): void {
    const waiting = new Set<Found>()
    name.waiting = waiting
    name.askedAt = this.#now()
    this.#resolve(name.host, options, (error, addresses) => {
      name.waiting = undefined
      const isFailed = error !== null && isShortage(error)
      if (!isFailed) {
        name.addresses = error === null ? addresses : []
        if (this.#names.delete(name.host)) this.#names.set(name.host, name)
      }
      for (const found of waiting) {
        if (isFailed) giveLast(name, error, found)
        else found(error, name.addresses)
      }
    })
  }
}

function giveLast({ addresses }: Name, failure: NodeJS.ErrnoException, found: Found): void {
  if (addresses.length === 0) found(failure, [])
  else found(null, addresses, failure)
}

const lateError = (host: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}: the resolver does not answer`), {
    code: 'EAI_AGAIN',
    syscall: 'getaddrinfo',
  })

/** One for the process: what a request has learned serves a health check, too. */
export const knownLookup: KnownLookup = new KnownLookup()
