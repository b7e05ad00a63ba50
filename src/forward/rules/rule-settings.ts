// One entry of `routes` of the configuration in plain values, so that it can be sent to another process.

import type { Coding } from '../../wire/http/accept-encoding.ts'

export interface RuleSettings {
  /** For explanations; '' for none. */
  readonly name: string
  readonly match: MatchSettings
  /** The only balancer that may serve the request; in lower case. Absent: any that has the path. */
  readonly balancer?: string | undefined
  readonly redirect?: RedirectSettings | undefined
  readonly answer?: AnswerSettings | undefined
  /** Addresses and networks that alone may send such requests. Absent: all. */
  readonly allow?: readonly string[] | undefined
  /** Those that may not; they outrank `allow`. */
  readonly deny?: readonly string[] | undefined
  readonly rateLimit?: RateLimitSettings | undefined
  readonly auth?: AuthSettings | undefined
  /** Longest body of a request, bytes. */
  readonly bodyMax?: number | undefined
  /** In place of those of the node and of all nodes, ms. */
  readonly timeouts?:
    | {
        readonly connect?: number | undefined
        readonly responseHead?: number | undefined
        readonly responseBody?: number | undefined
      }
    | undefined
  /** Further attempts after one that may have reached the application, in place of those of the balancer. */
  readonly retries?: number | undefined
  /** For responses of the proxy itself. */
  readonly errors?: readonly ErrorPageSettings[] | undefined
  readonly compress?: CompressSettings | undefined
  readonly prefix?: PrefixSettings | undefined
  /** The Host that the node gets. Absent: that of the client. */
  readonly host?: string | undefined
  readonly requestHeaders?: FieldEditSettings | undefined
  readonly responseHeaders?: FieldEditSettings | undefined
}

export interface RateLimitSettings {
  /** So many in each `perMs`, ms. */
  readonly requests: number
  readonly perMs: number
  /** At once, after a pause. */
  readonly burst: number
  /** In lower case: clients are told apart by this field, those without it by their address. */
  readonly header?: string | undefined
}

export interface AuthSettings {
  readonly realm: string
  /** The text of a file of htpasswd. */
  readonly users: string
}

export interface ErrorPageSettings {
  /** 404, or 5 for all from 500 to 599. */
  readonly statuses: readonly number[]
  /** Of the name of the file, without the dot. */
  readonly end: string
  readonly text: string
}

/** Of responses of nodes, for clients that accept it. */
export interface CompressSettings {
  /** In the order in which they are taken when a client likes several equally. */
  readonly codings: readonly Coding[]
  /** Values of Content-Type without parameters, in lower case; one `*` in them stands for any characters. */
  readonly types: readonly string[]
  /** A body whose length is known and less is sent as it is, bytes. */
  readonly minBytes: number
}

export interface PrefixSettings {
  /** What is taken off the path: `true` for the path of the rule. */
  readonly strip?: true | string | undefined
  /** What is then put in front of it. */
  readonly add?: string | undefined
}

/** Values may have variables (template.ts). */
export interface FieldEditSettings {
  /** In place of all fields with that name. */
  readonly set: readonly (readonly [name: string, value: string])[]
  /** Beside them. */
  readonly add: readonly (readonly [name: string, value: string])[]
  readonly remove: readonly string[]
}

/** All of them must hold; an empty list holds for every request. */
export interface MatchSettings {
  /** As `aliasKey` returns them: a name, `*.shop.test`, or `*`. */
  readonly hosts: readonly string[]
  /** Prefixes of whole segments; `/` for all. */
  readonly paths: readonly string[]
  /** A path is the whole path of the request, not a prefix. */
  readonly exact: boolean
  /** Of the client, as a trusted proxy in front says. */
  readonly scheme?: 'http' | 'https' | undefined
  readonly methods: readonly string[]
  readonly headers: readonly ValueCondition[]
  readonly query: readonly ValueCondition[]
  /** Addresses and networks of clients, behind trusted proxies. */
  readonly clients: readonly string[]
}

export interface ValueCondition {
  /** Of a header field: in lower case. */
  readonly name: string
  /** One `*` in it stands for any characters. `null`: there is no such field or parameter. */
  readonly value: string | null
}

export interface RedirectSettings {
  readonly status: 301 | 302 | 303 | 307 | 308
  readonly https: boolean
  /** With a port or without. Absent: that of the request. */
  readonly host?: string | undefined
  /** In place of the path of the rule. Absent: the path stays. */
  readonly path?: string | undefined
  /** What is behind the path of the rule, and the query, are kept. */
  readonly rest: boolean
}

export interface AnswerSettings {
  readonly status: number
  readonly body: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}
