// The value of the proxy's own sticky cookie: which node and domain a session has, as keyed hashes of their names, so that
// it shows neither, and any proxy with the same secret can make and read it, also after a restart. Pure.
//
//   node (16)  domain (8)  client (4)  time of issue (7)  signature (20)      characters of base64url

import { createHmac, timingSafeEqual } from 'node:crypto'

export interface StickyToken {
  /** As `StickySeal.node` returns it. */
  readonly node: string
  /** As `StickySeal.domain` returns it. */
  readonly domain: string
  /** Tells the sessions of a node apart; 4 characters. */
  readonly client: string
  /** Seconds since 1970; 0 in a cookie without lifetime. */
  readonly issuedAt: number
}

const nodeLength = 16
const domainLength = 8
const clientLength = 4
const timeLength = 7
const signatureLength = 20
const bodyLength = nodeLength + domainLength + clientLength + timeLength
const form = new RegExp(`^[\\w-]{${bodyLength + signatureLength}}$`)

/** Where no secret is configured: names stay hidden at a glance, but a client that knows them can make tokens. */
const publicKey = 'topspin sticky'

/** Makes and reads the tokens of one balancer with one secret. */
export class StickySeal {
  readonly #key: string
  readonly #balancer: string

  /** @param secret '' for none. */
  constructor(secret: string, balancer: string) {
    this.#key = secret === '' ? publicKey : secret
    this.#balancer = balancer
  }

  node(route: string): string {
    return this.#hash('node', route).slice(0, nodeLength)
  }

  domain(name: string): string {
    return this.#hash('domain', name).slice(0, domainLength)
  }

  write({ node, domain, client, issuedAt }: StickyToken): string {
    const body = node + domain + client + issuedAt.toString(36).padStart(timeLength, '0')
    return body + this.#signature(body)
  }

  /** `undefined` for anything that `write` of the same balancer and secret has not returned. */
  read(text: string): StickyToken | undefined {
    if (!form.test(text)) return undefined
    const body = text.slice(0, bodyLength)
    const [sent, right] = [text.slice(bodyLength), this.#signature(body)]
    if (!timingSafeEqual(Buffer.from(sent), Buffer.from(right))) return undefined
    const clientAt = nodeLength + domainLength
    const timeAt = clientAt + clientLength
    return {
      node: body.slice(0, nodeLength),
      domain: body.slice(nodeLength, clientAt),
      client: body.slice(clientAt, timeAt),
      issuedAt: Number.parseInt(body.slice(timeAt), 36),
    }
  }

  #signature(body: string): string {
    return this.#hash('token', body).slice(0, signatureLength)
  }

  #hash(use: string, text: string): string {
    return createHmac('sha256', this.#key)
      .update(`${use}\n${this.#balancer}\n${text}`)
      .digest('base64url')
  }
}
