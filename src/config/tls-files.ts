// Reads and tries out the certificates and keys that the configuration names, so that a bad file is reported at the
// start, by `topspin check`, and by a reload, which then changes nothing.

import { systemClock } from '../base/clock.ts'
import { ruleLimits } from '../base/limits.ts'
import { certificateNotes } from '../net/certificate-check.ts'
import { handshakeRules } from '../net/certificate-servers.ts'
import { handshakeProblem } from '../net/handshake-check.ts'
import type { NodeTlsOptions } from '../net/node-tls.ts'
import type { ServerCertificate, TlsServerOptions } from '../net/tls-options.ts'
import { readPasswords } from '../proxy/forms.ts'
import { CertificateReader } from './certificate-reader.ts'
import { tlsName } from './fixed-nodes.ts'
import type { NodeTlsFiles } from './node-entry.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { usesAcme } from './schema-acme.ts'
import type { ListenerTls } from './schema-tls.ts'

/** Certificates and keys in a form that can be sent to other processes. */
export interface TlsMaterial {
  /** For clients; undefined: no address has TLS. */
  readonly traffic: TlsServerOptions | undefined
  /** For the addresses with certificates of their own, by `addressTlsName`. */
  readonly addresses: Readonly<Record<string, TlsServerOptions>>
  /** For the control listener; undefined: it has no TLS. */
  readonly control: TlsServerOptions | undefined
  /** For Envoys; undefined: the discovery service has no TLS, or there is none. */
  readonly xds: TlsServerOptions | undefined
  readonly nodes: NodeTlsOptions
  /** Of the listeners for clients; undefined: no file says. */
  readonly ticketKeys?: string | undefined
  /** The certificates of all listeners, in the order of the configuration. */
  readonly certificates: readonly ConfiguredCertificate[]
  /** Texts of the files that rules name, by their names. */
  readonly ruleFiles: Readonly<Record<string, string>>
  /** All files, each with its stamp (`fileStamp`) from before it was read. */
  readonly files: ReadonlyMap<string, string>
}

/** A certificate in force. */
interface ConfiguredCertificate extends ServerCertificate {
  /** The key of the configuration that names it, as `tls.certificates[0].cert`. */
  readonly path: string
}

type TlsResult =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** The name of the TLS settings of one address. */
export const addressTlsName = (files: ListenerTls): string => JSON.stringify(files)

export async function readTls(config: Config): Promise<TlsResult> {
  const reader = new Reader()
  const hasAcme = usesAcme(config.acme)
  reader.checkUse(config, hasAcme)
  const traffic = reader.listener('tls', config.tls, hasAcme)
  const addresses: Record<string, TlsServerOptions> = {}
  for (const [index, { tlsFiles }] of config.listen.entries()) {
    if (tlsFiles === undefined) continue
    const options = reader.listener(`listen[${index}].tls`, tlsFiles)
    if (options === undefined) reader.problem(`listen[${index}].tls.cert`, 'is missing')
    else addresses[addressTlsName(tlsFiles)] = options
  }
  const control = reader.listener('control.tls', config.control.tls)
  const xds = reader.listener('xds.tls', config.xds.tls)
  const nodes = {
    ...reader.nodes('nodeTls', config.nodeTls),
    entries: reader.entries(config.to),
  }
  reader.authorities('acme.caFile', config.acme.caFile)
  const ticketKeys = reader.ticketKeys('tls.ticketKeyFile', config.tls.ticketKeyFile)
  const ruleFiles = reader.ruleFiles(config.routes)
  await reader.tryHandshakes()
  const { problems, certificates, files } = reader
  if (problems.length > 0) return { ok: false, problems }
  const listeners = { traffic, addresses, control, xds, ticketKeys }
  return { ok: true, material: { ...listeners, nodes, ruleFiles, certificates, files } }
}

/** Why clients may refuse the certificates, at this time. */
export function tlsNotes({ certificates }: TlsMaterial): readonly ConfigProblem[] {
  const now = systemClock.wall()
  return certificates.flatMap(({ path, cert, names }) =>
    certificateNotes(cert, names, now).map((message) => ({
      place: 'configuration',
      path,
      message,
    })),
  )
}

class Reader extends CertificateReader {
  readonly certificates: ConfiguredCertificate[] = []
  readonly #handshakes: (() => Promise<void>)[] = []

  /** @param hasAcme certificates come from an authority, too. */
  checkUse({ listen, tls }: Config, hasAcme: boolean): void {
    const isUsed = listen.some((entry) => entry.tls === true && entry.tlsFiles === undefined)
    const isThere = tls.cert !== undefined || tls.certificates.length > 0
    if (isUsed && !isThere && !hasAcme)
      this.problem('tls.cert', 'is missing: an address in `listen` begins with https://')
    if (isUsed || !isThere) return
    const reason = 'no address in `listen` begins with https://'
    this.problem(
      tls.cert === undefined ? 'tls.certificates' : 'tls.cert',
      listen.some((entry) => entry.tls === true)
        ? 'is not used: every address with TLS has its own'
        : `is not used: ${reason}`,
    )
  }

  /** @param hasOthers it has certificates that do not come from files. */
  listener(
    section: string,
    files: ListenerTls,
    hasOthers: boolean = false,
  ): TlsServerOptions | undefined {
    const { clientAuth, minVersion, ciphers, ecdhCurve, strictSni } = files
    if (clientAuth !== 'none' && files.ca === undefined)
      this.problem(`${section}.ca`, `is missing: \`clientAuth: ${clientAuth}\` needs it`)
    const isEmpty = files.cert === undefined && files.certificates.length === 0
    const { cert, key, passphraseFile } = files
    const rules = { minVersion, ciphers, ecdhCurve }
    if (isEmpty && key === undefined && files.ca === undefined)
      return hasOthers ? { clientAuth, ...rules, strictSni } : undefined
    const own = this.certificate(section, { cert, key, passphraseFile })
    if (own !== undefined) this.#note(`${section}.cert`, own, rules)
    const certificates = files.certificates.flatMap((entry, index) => {
      const at = `${section}.certificates[${index}]`
      const certificate = this.entry(at, entry)
      if (certificate === undefined) return []
      this.#note(`${at}.cert`, certificate, rules)
      return [certificate]
    })
    const ca = this.authorities(`${section}.ca`, files.ca)
    if (own === undefined && certificates.length === 0 && !hasOthers) return undefined
    return { ...own, certificates, ca, clientAuth, ...rules, strictSni }
  }

  #note(
    path: string,
    certificate: ServerCertificate,
    rules: Pick<TlsServerOptions, 'minVersion' | 'ciphers' | 'ecdhCurve'>,
  ): void {
    this.certificates.push({ ...certificate, path })
    const options = handshakeRules(rules)
    this.#handshakes.push(async () => {
      const reason = await handshakeProblem(certificate, options)
      if (reason !== undefined)
        return this.problem(path, `no client could connect with it: ${reason}`)
      if (rules.minVersion === '1.3' || rules.ciphers === undefined) return
      const old = await handshakeProblem(certificate, options, 'TLSv1.2')
      const remedy = 'has `ciphers` one for its kind of key? Without, write `minVersion: 1.3`'
      if (old !== undefined)
        this.problem(path, `no client of TLS 1.2 could connect with it: ${old}; ${remedy}`)
    })
  }

  /** The files of passwords and the error pages that rules name. */
  ruleFiles(routes: Config['routes']): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {}
    for (const [index, { auth, errors }] of routes.entries()) {
      for (const { file } of errors) {
        const path = `routes[${index}].errors`
        const page = this.text(path, file)
        if (page === undefined) continue
        if (page.length > ruleLimits.bodyMax)
          this.problem(path, `${file}: more than ${ruleLimits.bodyMax} characters`)
        texts[file] = page
      }
      if (auth === undefined) continue
      const path = `routes[${index}].auth.file`
      const text = this.text(path, auth.file)
      if (text === undefined) continue
      const passwords = readPasswords(text)
      if (typeof passwords === 'string') this.problem(path, `${auth.file}: ${passwords}`)
      texts[auth.file] = text
    }
    return texts
  }

  /** Once all files are good. */
  async tryHandshakes(): Promise<void> {
    if (this.problems.length > 0) return
    for (const attempt of this.#handshakes) await attempt()
  }

  /** Of the entries of `to` that have TLS settings of their own, each settings once. */
  entries(to: Config['to']): Readonly<Record<string, NodeTlsOptions>> {
    const entries: Record<string, NodeTlsOptions> = {}
    for (const [index, { tls }] of to.entries())
      if (tls !== undefined) entries[tlsName(tls)] ??= this.nodes(`to[${index}].tls`, tls)
    return entries
  }

  nodes(
    section: string,
    { pin, verify, http2, servername, ...files }: NodeTlsFiles,
  ): NodeTlsOptions {
    const [cert, key] = this.pair(section, files)
    return {
      ca: this.authorities(`${section}.ca`, files.ca),
      cert,
      key,
      pins: pin,
      verify,
      http2,
      servername,
    }
  }
}
