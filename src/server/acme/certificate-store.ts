// The folder of an ACME account: its key, and one file for each name with key and certificate, so that a pair is never
// torn. Files are written under another name and renamed. Several proxies can share the folder: a lock file for each name
// lets one of them order. The holder touches it; one that is not touched any more is free.

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { acmeLimits } from '../../base/limits.ts'
import { certificateFacts } from '../../net/certificate-facts.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'

export interface StoredCertificate extends ServerCertificate {
  /** Wall clock, ms. */
  readonly notBefore: number
  readonly notAfter: number
}

export class CertificateStore {
  readonly #folder: string

  /** @param directory its account and certificates have a folder of their own in `storage`. */
  constructor(storage: string, directory: string) {
    const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8)
    this.#folder = join(storage, `${new URL(directory).hostname}-${hash}`)
  }

  /** @throws Error of the system. */
  create(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  /** Undefined when there is none that can be used. */
  read(name: string): StoredCertificate | undefined {
    try {
      const file = this.#file(`${name}.pem`)
      if (statSync(file).size > acmeLimits.fileBytesMax) return undefined
      return parse(readFileSync(file, 'utf8'), name)
    } catch {
      return undefined
    }
  }

  async write(name: string, { cert, key }: ServerCertificate): Promise<void> {
    const written = await this.#write(`${key.trimEnd()}\n${cert.trimEnd()}\n`)
    await rename(written, this.#file(`${name}.pem`))
  }

  /** The account key; the first proxy that needs it makes it. */
  async accountKey(make: () => Promise<string>): Promise<string> {
    const file = this.#file('account.pem')
    const found = await readFile(file, 'utf8').catch(() => '')
    if (found !== '') return found
    const written = await this.#write(await make())
    await link(written, file).catch(unlessExists)
    await rm(written)
    return readFile(file, 'utf8')
  }

  /** @returns releases the lock; undefined while another proxy holds it. */
  async lock(name: string): Promise<(() => Promise<void>) | undefined> {
    const file = this.#file(`${name}.lock`)
    const isOurs =
      (await this.#tryLock(file)) || ((await removeStale(file)) && (await this.#tryLock(file)))
    if (!isOurs) return undefined
    const touching = setInterval(() => {
      const now = new Date()
      utimes(file, now, now).catch(() => {})
    }, acmeLimits.lockTouchMs)
    return async () => {
      clearInterval(touching)
      await rm(file, { force: true })
    }
  }

  async #tryLock(file: string): Promise<boolean> {
    try {
      await (await open(file, 'wx', 0o600)).close()
      return true
    } catch (error) {
      unlessExists(error)
      return false
    }
  }

  async #write(text: string): Promise<string> {
    const file = this.#file(`.${randomUUID()}.new`)
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return file
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }
}

/** @returns whether the lock is gone. */
async function removeStale(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined)
  if (stats !== undefined && Date.now() - stats.mtimeMs < acmeLimits.lockStaleMs) return false
  await rm(file, { force: true })
  return true
}

function unlessExists(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
}

function parse(text: string, name: string): StoredCertificate | undefined {
  const at = text.indexOf('-----BEGIN CERTIFICATE-----')
  if (at < 0) return undefined
  const [key, cert] = [text.slice(0, at), text.slice(at)]
  const { names, notBefore, notAfter } = certificateFacts(cert)
  return names.includes(name) ? { cert, key, notBefore, notAfter } : undefined
}
