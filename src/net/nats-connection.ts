// A connection to a NATS server: its options, and the package, which is installed by those who use it and loaded when a
// configuration names a server.

import { readFile } from 'node:fs/promises'
import { TopspinError } from '../base/errors.ts'
import { natsLimits } from '../base/limits.ts'

/** Where the servers are, and who is asking. */
export interface NatsPlace {
  /** `nats://` or `tls://`; one may have a user and a password. */
  readonly servers: readonly string[]
  /** Names of files: credentials as `nsc` writes them, PEM. */
  readonly creds?: string | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** What is used of the package, without its types: the doors of applications name no package. */
export interface NatsPackage {
  readonly connect: (options: NatsConnectOptions) => Promise<NatsLink>
  readonly credsAuthenticator: (creds: Uint8Array) => unknown
}

export interface NatsLink {
  readonly publish: (subject: string, bytes: Uint8Array) => void
  readonly subscribe: (
    subject: string,
    options: { readonly callback: (error: Error | null, message: NatsMessage) => void },
  ) => void
  readonly getServer: () => string
  readonly status: () => AsyncIterable<{ readonly type: string; readonly error?: unknown }>
  /** Resolves when it has ended for good. */
  readonly closed: () => Promise<unknown>
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

interface NatsMessage {
  readonly data: Uint8Array
}

export interface NatsConnectOptions {
  readonly servers: string[]
  readonly name: string
  readonly timeout: number
  readonly maxReconnectAttempts: number
  readonly reconnectTimeWait: number
  readonly pingInterval: number
  readonly maxPingOut: number
  readonly ignoreAuthErrorAbort: boolean
  readonly noEcho?: boolean
  readonly user?: string
  readonly pass?: string
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
}

/** The name is no literal, so that bundlers leave the package out. */
const packageName: string = '@nats-io/transport-node'

/** @param what needs it. @throws TopspinError NATS_MISSING where it is not installed. */
export async function loadNatsPackage(what: string): Promise<NatsPackage> {
  try {
    return (await import(packageName)) as NatsPackage
  } catch (cause) {
    const message = `${what} needs a package of NATS: npm install ${packageName}`
    throw new TopspinError('NATS_MISSING', message, { side: 'proxy', phase: 'control', cause })
  }
}

/** Rejects when the file with credentials cannot be read. @param name of the connection, for the operators of NATS. */
export async function natsConnectOptions<Authenticator>(
  { servers, creds, ca, cert, key }: NatsPlace,
  name: string,
  credsAuthenticator: (creds: Uint8Array) => Authenticator,
): Promise<NatsConnectOptions & { readonly authenticator?: Authenticator }> {
  const urls = servers.map((server) => new URL(server))
  const [login] = urls.filter(({ username }) => username !== '')
  const isSecure =
    ca !== undefined || cert !== undefined || urls.some(({ protocol }) => protocol === 'tls:')
  return {
    servers: urls.map(({ protocol, host }) => `${protocol}//${host}`),
    name,
    timeout: natsLimits.connectMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: natsLimits.reconnectMs,
    pingInterval: natsLimits.pingMs,
    maxPingOut: natsLimits.pingsMax,
    ignoreAuthErrorAbort: true,
    ...(login === undefined
      ? {}
      : { user: decodeURIComponent(login.username), pass: decodeURIComponent(login.password) }),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(await readFile(creds)) }),
    ...(isSecure
      ? {
          tls: {
            ...(ca === undefined ? {} : { caFile: ca }),
            ...(cert === undefined ? {} : { certFile: cert }),
            ...(key === undefined ? {} : { keyFile: key }),
          },
        }
      : {}),
  }
}

/** What an error of NATS says, with its cause. */
export function natsReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message || error.name}${cause}`
}
