// Reads and tries out the certificates and keys that the configuration names, so that a bad file is reported at the
// start, by `topspin check`, and by a reload, which then changes nothing.

import { createPrivateKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import { checkAuthorities } from '../net/authorities.ts'
import { handshakeProblem } from '../net/handshake-check.ts'
import type { NodeTlsOptions } from '../net/node-tls.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import { tlsName } from './fixed-nodes.ts'
import type { NodeTlsFiles } from './node-entry.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config, ListenerTls } from './schema.ts'

/** Certificates and keys in a form that can be sent to other processes. */
export interface TlsMaterial {
  /** For clients; undefined: no address has TLS. */
  readonly traffic: TlsServerOptions | undefined
  /** For the control listener; undefined: it has no TLS. */
  readonly control: TlsServerOptions | undefined
  readonly nodes: NodeTlsOptions
}

type TlsResult =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export async function readTls(config: Config): Promise<TlsResult> {
  const reader = new Reader()
  const isSecure = config.listen.some(({ tls }) => tls === true)
  if (isSecure && config.tls.cert === undefined)
    reader.problem('tls.cert', 'is missing: an address in `listen` begins with https://')
  if (!isSecure && config.tls.cert !== undefined)
    reader.problem('tls.cert', 'is not used: no address in `listen` begins with https://')
  const material = {
    traffic: reader.listener('tls', config.tls),
    control: reader.listener('control.tls', config.control.tls),
    nodes: { ...reader.nodes('nodeTls', config.nodeTls), entries: reader.entries(config.to) },
  }
  await reader.tryHandshake('tls', material.traffic)
  await reader.tryHandshake('control.tls', material.control)
  const { problems } = reader
  return problems.length > 0 ? { ok: false, problems } : { ok: true, material }
}

class Reader {
  readonly problems: ConfigProblem[] = []

  problem(path: string, message: string): void {
    this.problems.push({ place: 'configuration', path, message })
  }

  listener(section: string, files: ListenerTls): TlsServerOptions | undefined {
    const { clientAuth } = files
    if (clientAuth !== 'none' && files.ca === undefined)
      this.problem(`${section}.ca`, `is missing: \`clientAuth: ${clientAuth}\` needs it`)
    if (files.cert === undefined && files.key === undefined && files.ca === undefined)
      return undefined
    const [cert, key] = this.#pair(section, files.cert, files.key)
    const ca = this.#authorities(`${section}.ca`, files.ca)
    return cert === undefined || key === undefined ? undefined : { cert, key, ca, clientAuth }
  }

  /** Once all files are good. */
  async tryHandshake(section: string, options: TlsServerOptions | undefined): Promise<void> {
    const { cert, key } = options ?? {}
    if (cert === undefined || key === undefined || this.problems.length > 0) return
    const reason = await handshakeProblem(cert, key)
    if (reason !== undefined)
      this.problem(`${section}.cert`, `no client could connect with it: ${reason}`)
  }

  /** Of the entries of `to` that have TLS settings of their own, each settings once. */
  entries(to: Config['to']): Readonly<Record<string, NodeTlsOptions>> {
    const entries: Record<string, NodeTlsOptions> = {}
    for (const [index, { tls }] of to.entries())
      if (tls !== undefined) entries[tlsName(tls)] ??= this.nodes(`to[${index}].tls`, tls)
    return entries
  }

  nodes(section: string, { pin, verify, servername, ...files }: NodeTlsFiles): NodeTlsOptions {
    const [cert, key] = this.#pair(section, files.cert, files.key)
    return {
      ca: this.#authorities(`${section}.ca`, files.ca),
      cert,
      key,
      pins: pin,
      verify,
      servername,
    }
  }

  #pair(
    section: string,
    certFile: string | undefined,
    keyFile: string | undefined,
  ): [string | undefined, string | undefined] {
    if (certFile === undefined && keyFile !== undefined)
      this.problem(`${section}.cert`, `is missing: it belongs to \`${section}.key\``)
    if (certFile !== undefined && keyFile === undefined)
      this.problem(`${section}.key`, `is missing: it belongs to \`${section}.cert\``)
    const cert = this.#read(`${section}.cert`, certFile)
    const key = this.#read(`${section}.key`, keyFile)
    if (cert === undefined || key === undefined) return [cert, key]
    // OpenSSL and Node.js take an empty text for none.
    const isCertificate = this.#works(`${section}.cert`, certFile, 'certificate', () => {
      checkAuthorities(cert)
      createSecureContext({ cert })
    })
    if (!isCertificate) return [cert, key]
    this.#works(`${section}.key`, keyFile, 'key for the certificate', () => {
      createPrivateKey(key)
      createSecureContext({ cert, key })
    })
    return [cert, key]
  }

  #authorities(path: string, file: string | undefined): string | undefined {
    const ca = this.#read(path, file)
    if (ca === undefined) return undefined
    this.#works(path, file, 'list of certificates', () => checkAuthorities(ca))
    return ca
  }

  #works(path: string, file: string | undefined, what: string, attempt: () => unknown): boolean {
    try {
      attempt()
      return true
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.problem(path, `${file}: not a ${what} (${code ?? message})`)
      return false
    }
  }

  #read(path: string, file: string | undefined): string | undefined {
    if (file === undefined) return undefined
    try {
      if (statSync(file).size <= tlsLimits.fileBytesMax) return readFileSync(file, 'utf8')
      this.problem(path, `${file}: more than ${tlsLimits.fileBytesMax} bytes`)
    } catch (error) {
      this.problem(path, `cannot be read: ${(error as Error).message}`)
    }
    return undefined
  }
}
