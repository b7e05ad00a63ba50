// The certificate of all proxies: self-signed, with a key on P-256, made by openssl for one run.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** One file with both. */
  readonly pair: string
}

export const openssl: boolean = findProgram('openssl', 'version') !== undefined

/** @param folder for its files. */
export function makeCertificate(folder: string): Certificate {
  const [cert, key, pair] = ['cert.pem', 'key.pem', 'pair.pem'].map((file) =>
    join(folder, file),
  ) as [string, string, string]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const args = ['req', '-x509', ...kind, '-keyout', key, '-out', cert, '-days', '2', ...name]
  execFileSync('openssl', args, { stdio: 'ignore' })
  writeFileSync(pair, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  return { cert, key, pair }
}
