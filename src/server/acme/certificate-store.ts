// The folder of an ACME account: its key, and one file for each name with key and certificate, so that a pair is never
// torn. Files are written under another name and renamed. Several proxies can share the folder: a lock file for each name
// lets one of them order. The holder touches it; one that is not touched any more is free.

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { acmeLimits } from '../../base/limits.ts'
import { fileStamp, fileStampAt } from '../../host/file-stamp.ts'
import { linkedFile } from '../../host/linked-file.ts'
import { certificateFacts } from '../../net/certificate-facts.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'
import { type ChallengeAnswer, readAnswer } from './challenges.ts'

export interface StoredCertificate extends ServerCertificate {
  /** Wall clock, ms. */
  readonly notBefore: number
  readonly notAfter: number
}

const accountFile = 'account.pem'
const answerEnd = '.answer'
/** Each proxy has one at a time. */
const answersMax = 100

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

  /** Of the certificates that are stored. */
  names(): readonly string[] {
    try {
      const ends = '.pem'
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(ends) && file !== accountFile)
        .map((file) => file.slice(0, -ends.length))
    } catch {
      return []
    }
  }

  /** Changes with the certificate of a name. */
  stamp(name: string): string {
    return fileStampAt(this.#file(`${name}.pem`))
  }

  /** Changes when a file of the folder is written or removed. */
  async changes(): Promise<string> {
    return fileStamp(await stat(this.#folder).catch(() => undefined))
  }

  /** For the proxies that share the folder: the authority may ask any of them. @returns removes it. */
  async shareAnswer(name: string, answer: ChallengeAnswer): Promise<() => Promise<void>> {
    const file = this.#file(`${name}${answerEnd}`)
    await this.#replace(file, JSON.stringify(answer))
    return () => rm(file, { force: true })
  }

  /** The answers of the proxies that share the folder, this one's included. */
  answers(): readonly ChallengeAnswer[] {
    try {
      const files = readdirSync(this.#folder).filter((file) => file.endsWith(answerEnd))
      return files.slice(0, answersMax).flatMap((file) => this.#answer(file) ?? [])
    } catch {
      return []
    }
  }

  #answer(name: string): ChallengeAnswer | undefined {
    try {
      const file = this.#file(name)
      const { size, mtimeMs } = statSync(file)
      const isStale = Date.now() - mtimeMs > acmeLimits.answerStaleMs
      if (isStale || size > acmeLimits.answerBytesMax) return undefined
      return readAnswer(readFileSync(file, 'utf8'))
    } catch {
      return undefined
    }
  }

  async write(name: string, { cert, key }: ServerCertificate): Promise<void> {
    await this.#replace(this.#file(`${name}.pem`), `${key.trimEnd()}\n${cert.trimEnd()}\n`)
  }

  /** The account key; the first proxy that needs it makes it. */
  async accountKey(make: () => Promise<string>): Promise<string> {
    const file = this.#file(accountFile)
    const found = await readFile(file, 'utf8').catch(() => '')
    if (found !== '') return found
    const target = linkedFile(file)
    const written = await newFile(dirname(target), await make())
    await link(written, target).catch(unlessExists)
    await rm(written)
    return readFile(file, 'utf8')
  }

  /** @returns releases the lock; undefined while another proxy holds it. */
  async lock(name: string): Promise<(() => Promise<void>) | undefined> {
    const file = this.#file(`${name}.lock`)
    const token = randomUUID()
    const isOurs =
      (await tryLock(file, token)) || ((await removeStale(file)) && (await tryLock(file, token)))
    if (!isOurs) return undefined
    const isStillOurs = async (): Promise<boolean> =>
      (await readFile(file, 'utf8').catch(() => '')) === token
    const touching = setInterval(async () => {
      const now = new Date()
      // A process that was suspended for long may have lost it to another one.
      if (await isStillOurs()) await utimes(file, now, now).catch(() => {})
    }, acmeLimits.lockTouchMs)
    return async () => {
      clearInterval(touching)
      if (await isStillOurs()) await rm(file, { force: true })
    }
  }

  async #replace(path: string, text: string): Promise<void> {
    const file = linkedFile(path)
    await rename(await newFile(dirname(file), text), file)
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }
}

/** Writes a file under a name of its own, which it returns. */
async function newFile(folder: string, text: string): Promise<string> {
  const file = join(folder, `.${randomUUID()}.new`)
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return file
}

/** @param token of its holder. */
async function tryLock(file: string, token: string): Promise<boolean> {
  try {
    await writeFile(file, token, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    unlessExists(error)
    return false
  }
}

/** @returns whether the lock is gone. */
async function removeStale(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined)
  if (stats === undefined) return true
  if (isFresh(stats)) return false
  // Of several proxies that see it, one renames it. What another one has locked meanwhile is put back.
  const aside = `${file}.${randomUUID()}`
  const isRenamed = await rename(file, aside).then(
    () => true,
    () => false,
  )
  if (!isRenamed) return true
  const renamed = await stat(aside)
  const isTaken = isFresh(renamed)
  if (isTaken) await link(aside, file).catch(unlessExists)
  await rm(aside, { force: true })
  return !isTaken
}

const isFresh = ({ mtimeMs }: Stats): boolean => Date.now() - mtimeMs < acmeLimits.lockStaleMs

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
