// Reads the files of one certificate and tries them out as a pair, and other files. Used by tls-files.ts.

import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import { fileStamp, fileStampAt } from '../host/file-stamp.ts'
import { checkAuthorities } from '../net/authorities.ts'
import { isOutOfOrder } from '../net/certificate-check.ts'
import { certificateFacts } from '../net/certificate-facts.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import type { ConfigProblem } from './problem.ts'
import type { CertificateFiles } from './schema-tls.ts'

export class CertificateReader {
  readonly problems: ConfigProblem[] = []
  /** The files that were read or looked for, each with its stamp from before. */
  readonly files: Map<string, string> = new Map()

  problem(path: string, message: string): void {
    this.problems.push({ place: 'configuration', path, message })
  }

  /** Undefined: the section names none, or there are problems. */
  certificate(section: string, files: CertificateFiles): ServerCertificate | undefined {
    const [own, key] = this.pair(section, files)
    if (own === undefined || key === undefined) return undefined
    const chain = this.authorities(`${section}.chain`, files.chain)
    const ocsp = this.#response(section, files)
    const { names = [] } = files
    return {
      cert: chain === undefined ? own : `${own.trimEnd()}\n${chain}`,
      key,
      ...(names.length === 0 ? {} : { names }),
      ...(ocsp === undefined ? {} : { ocsp }),
    }
  }

  /** The same for an entry of a list, which is of no use without a name. */
  entry(section: string, files: CertificateFiles): ServerCertificate | undefined {
    const before = this.problems.length
    const certificate = this.certificate(section, files)
    if (certificate === undefined || this.problems.length > before) return undefined
    const { cert, names } = certificate
    if ((names ?? certificateFacts(cert).names).length > 0) return certificate
    this.problem(
      `${section}.cert`,
      `${files.cert}: is for no name of DNS; write the names that it is to serve into names`,
    )
    return undefined
  }

  /** A certificate and its key as text. */
  pair(
    section: string,
    { cert: certFile, key: keyFile, passphraseFile }: CertificateFiles,
  ): [string | undefined, string | undefined] {
    if (certFile === undefined && keyFile !== undefined)
      this.problem(`${section}.cert`, `is missing: it belongs to \`${section}.key\``)
    if (certFile !== undefined && keyFile === undefined)
      this.problem(`${section}.key`, `is missing: it belongs to \`${section}.cert\``)
    const cert = this.text(`${section}.cert`, certFile)
    const key = this.text(`${section}.key`, keyFile)
    if (cert === undefined || key === undefined) return [cert, key]
    // OpenSSL and Node.js take an empty text for none.
    const isCertificate = this.#works(`${section}.cert`, certFile, 'certificate', () => {
      checkAuthorities(cert)
      createSecureContext({ cert })
    })
    return isCertificate
      ? [cert, this.#keyFor(cert, key, section, keyFile, passphraseFile)]
      : [cert, undefined]
  }

  /** In the form without a passphrase. */
  #keyFor(
    cert: string,
    key: string,
    section: string,
    file: string | undefined,
    passphraseFile: string | undefined,
  ): string | undefined {
    const path = `${section}.key`
    const isEncrypted = /ENCRYPTED/.test(key)
    if (isEncrypted && passphraseFile === undefined) {
      const remedy = `name the file with its passphrase in \`${section}.passphraseFile\`, or decrypt it by \`openssl pkey\``
      this.problem(path, `${file}: the key is encrypted; ${remedy}`)
      return undefined
    }
    const passphrase = this.text(`${section}.passphraseFile`, passphraseFile)?.trimEnd()
    if (isEncrypted && passphrase === undefined) return undefined
    let made: KeyObject | undefined
    const isKey = this.#works(path, file, isEncrypted ? 'key with this passphrase' : 'key', () => {
      made = createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) })
    })
    if (!isKey || made === undefined) return undefined
    const text = isEncrypted ? String(made.export({ type: 'pkcs8', format: 'pem' })) : key
    if (isOutOfOrder(cert, made)) {
      const order = 'begin with the certificate of the key, then its issuer, and so on'
      this.problem(`${section}.cert`, `the chain is in the wrong order: ${order}`)
      return undefined
    }
    const isPair = this.#works(path, file, 'key for the certificate', () =>
      createSecureContext({ cert, key: text }),
    )
    return isPair ? text : undefined
  }

  authorities(path: string, file: string | undefined): string | undefined {
    const ca = this.text(path, file)
    if (ca === undefined) return undefined
    this.#works(path, file, 'list of certificates', () => checkAuthorities(ca))
    return ca
  }

  /** Of OCSP, in base64: a SEQUENCE that begins with the status `successful` [RFC 6960 4.2.1]. */
  #response(section: string, { cert, ocsp }: CertificateFiles): string | undefined {
    const beside = `${cert}.ocsp`
    const file = ocsp ?? (this.#isThere(beside) ? beside : undefined)
    const bytes = this.#bytes(`${section}.ocsp`, file)
    if (bytes === undefined) return undefined
    const status = bytes.indexOf(Buffer.from([0x0a, 1, 0]))
    if (bytes[0] === 0x30 && status > 0 && status <= 6) return bytes.toString('base64')
    const form = 'write it by `openssl ocsp -respout FILE`'
    this.problem(`${section}.ocsp`, `${file}: not a response of OCSP in DER; ${form}`)
    return undefined
  }

  /** The keys of session tickets, made from a file of random bytes of any form. */
  ticketKeys(path: string, file: string | undefined): string | undefined {
    const bytes = this.#bytes(path, file)
    if (bytes === undefined) return undefined
    if (bytes.length >= tlsLimits.ticketKeyBytes)
      // As many bytes as the keys have.
      return createHash('sha384').update(bytes).digest('base64')
    const form = `write it by \`openssl rand -out FILE ${tlsLimits.ticketKeyBytes}\``
    this.problem(path, `${file}: fewer than ${tlsLimits.ticketKeyBytes} bytes; ${form}`)
    return undefined
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

  text(path: string, file: string | undefined): string | undefined {
    return this.#bytes(path, file)?.toString('utf8')
  }

  #isThere(file: string): boolean {
    const stamp = fileStampAt(file)
    this.files.set(file, stamp)
    return stamp !== ''
  }

  #bytes(path: string, file: string | undefined): Buffer | undefined {
    if (file === undefined) return undefined
    this.files.set(file, '')
    try {
      const stats = statSync(file)
      this.files.set(file, fileStamp(stats))
      if (stats.size <= tlsLimits.fileBytesMax) return readFileSync(file)
      this.problem(path, `${file}: more than ${tlsLimits.fileBytesMax} bytes`)
    } catch (error) {
      this.problem(path, `cannot be read: ${(error as Error).message}`)
    }
    return undefined
  }
}
