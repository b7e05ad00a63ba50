// The certificate files for TLS towards proxies, named by flags and the environment. Read by `topspin/auto` and by the
// commands; applications pass the PEM text itself.

import { readFileSync } from 'node:fs'
import type { ProxyTls } from '../net/mcmp-client.ts'
import { badOptions } from './settings.ts'

/** Names of PEM files. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** No file: the name that the certificates of the proxies have. */
  readonly servername?: string | undefined
}

/** @throws TopspinError that names every file that cannot be read. */
export function readTlsFiles(files: TlsFiles): ProxyTls {
  const problems: string[] = []
  const read = (file: string | undefined): string | undefined => {
    if (file === undefined) return undefined
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      problems.push(`${file} cannot be read: ${(error as Error).message}`)
      return undefined
    }
  }
  const tls = { ca: read(files.ca), cert: read(files.cert), key: read(files.key) }
  if (problems.length > 0) throw badOptions(problems)
  return files.servername === undefined ? tls : { ...tls, servername: files.servername }
}
