// One request, as rules read it. What the conditions of many rules ask for is read once, whatever the client has sent.

import { type Fields, text } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

/** Where a request comes from. */
export interface Origin {
  clientOf(fields: Fields): string
  isSecure(fields: Fields): boolean
}

const none: readonly string[] = []

export class Asked {
  readonly head: RequestHead
  readonly #origin: Origin
  #client: string | undefined
  #isSecure: boolean | undefined
  #parameters: Map<string, string[]> | undefined

  /** @param head its fields and query stay as they are. */
  constructor(head: RequestHead, origin: Origin) {
    this.head = head
    this.#origin = origin
  }

  /** Address of the client, behind trusted proxies. */
  get client(): string {
    this.#client ??= this.#origin.clientOf(this.head.fields)
    return this.#client
  }

  /** The client uses HTTPS. */
  get isSecure(): boolean {
    this.#isSecure ??= this.#origin.isSecure(this.head.fields)
    return this.#isSecure
  }

  /** Values of a query parameter, as forms write them: `+` is a space, escapes are UTF-8 [WHATWG URL, 5.1]. */
  parameter(name: string): readonly string[] {
    this.#parameters ??= parametersIn(this.head)
    return this.#parameters.get(name) ?? none
  }
}

function parametersIn({ queryFrom, targetTo, fields }: RequestHead): Map<string, string[]> {
  const query = queryFrom === 0 ? '' : text(fields.bytes, queryFrom, targetTo)
  const found = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query)) {
    const values = found.get(name)
    if (values === undefined) found.set(name, [value])
    else values.push(value)
  }
  return found
}
