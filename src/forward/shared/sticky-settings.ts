// The settings of sticky sessions at the proxy: its own cookie, and affinity by a header field or a query parameter. Plain
// values, so that they can be sent to another process.

/** When the proxy adds its cookie to a response. */
type InsertWhen =
  /** For applications that set a session cookie and do not send their route in an id, and for Socket.IO. */
  | 'auto'
  /** For every client that does not have it. */
  | 'always'
  | 'off'

export interface InsertSettings {
  readonly when: InsertWhen
  /** Cookies of this name belong to the proxy and are not forwarded. Default `TOPSPIN`. */
  readonly name: string
  /** The first one signs; cookies signed with any of them are accepted. Default none: cookies are not secret. */
  readonly secret: readonly string[]
  /** Lifetime, ms, at least 1_000; an active client gets a new one in time. Default: the browser's session. */
  readonly ttl?: number | undefined
  /** `off`: no attribute. Default `lax`. */
  readonly sameSite: 'lax' | 'strict' | 'none' | 'off'
  /** `auto`: for requests that arrived over HTTPS. */
  readonly secure: boolean | 'auto'
  /** Default: the host of the request alone. */
  readonly domain?: string | undefined
  /** `context`: the path of the application. */
  readonly path: string
}

export interface StickySettings {
  readonly insert: InsertSettings
  /** Header field with the key of a session, in lower case. Default none. */
  readonly header?: string | undefined
  /** Query parameter with the key of a session. Default none. */
  readonly query?: string | undefined
}

/** Settings of one balancer, or of the applications below a path; without both: of all others. */
export interface StickyEntry extends StickySettings {
  /** In lower case. */
  readonly balancer?: string | undefined
  readonly path?: string | undefined
}

export const defaultInsert: InsertSettings = {
  when: 'auto',
  name: 'TOPSPIN',
  secret: [],
  sameSite: 'lax',
  secure: 'auto',
  path: 'context',
}
