// The answers to challenges of authorities that are in force: those of this proxy's orders, and those of the proxies that
// share its storage, because an authority may ask any of them.

import { createSecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { ServerCertificate } from '../../net/tls-options.ts'

/** What a validation of the authority is answered with. */
export type ChallengeAnswer =
  | { readonly type: 'http-01'; readonly token: string; readonly text: string }
  | { readonly type: 'tls-alpn-01'; readonly name: string; readonly pair: ServerCertificate }

/** @param text JSON. @returns undefined for anything else. @throws SyntaxError; Error of OpenSSL for a pair that is none. */
export function readAnswer(text: string): ChallengeAnswer | undefined {
  const { type, token, text: answer, name, pair } = JSON.parse(text) as Record<string, unknown>
  if (type === 'http-01' && typeof token === 'string' && typeof answer === 'string')
    return { type, token, text: answer }
  if (type !== 'tls-alpn-01' || typeof name !== 'string') return undefined
  const { cert, key } = pair as Record<string, unknown>
  if (typeof cert !== 'string' || typeof key !== 'string') return undefined
  createSecureContext({ cert, key })
  return { type, name, pair: { cert, key } }
}

export interface Answers {
  /** Key authorizations by token. */
  readonly texts: Readonly<Record<string, string>>
  /** Certificates with the answer, by name. */
  readonly pairs: Readonly<Record<string, ServerCertificate>>
}

export class Challenges {
  readonly #use: (answers: Answers) => Promise<void>
  #own: readonly ChallengeAnswer[] = []
  #shared: readonly ChallengeAnswer[] = []
  #inForce: Answers = { texts: {}, pairs: {} }

  /** @param use puts them in force in all processes, in place of the earlier ones. */
  constructor(use: (answers: Answers) => Promise<void>) {
    this.#use = use
  }

  /** @returns ends it. */
  async add(answer: ChallengeAnswer): Promise<() => Promise<void>> {
    this.#own = [...this.#own, answer]
    await this.#put()
    return () => {
      this.#own = this.#own.filter((other) => other !== answer)
      return this.#put()
    }
  }

  /** In place of those before. */
  async share(answers: readonly ChallengeAnswer[]): Promise<void> {
    this.#shared = answers
    await this.#put()
  }

  async #put(): Promise<void> {
    const answers = answersOf([...this.#shared, ...this.#own])
    if (isDeepStrictEqual(answers, this.#inForce)) return
    this.#inForce = answers
    await this.#use(answers)
  }
}

function answersOf(list: readonly ChallengeAnswer[]): Answers {
  const texts: [string, string][] = []
  const pairs: [string, ServerCertificate][] = []
  for (const answer of list)
    if (answer.type === 'http-01') texts.push([answer.token, answer.text])
    else pairs.push([answer.name, answer.pair])
  return { texts: Object.fromEntries(texts), pairs: Object.fromEntries(pairs) }
}
