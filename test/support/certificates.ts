// Certificates for scenes, made by openssl in a folder that goes with the test: authorities, servers,
// clients, good ones and bad ones. Where openssl is missing the scenes are skipped and say why.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** For `test(..., { skip })`: false where certificates can be made. */
export const noOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

export interface Pair {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

interface Wanted {
  /** Names and addresses that the certificate carries. Default `localhost` and 127.0.0.1. */
  readonly names?: readonly string[]
  /** From now on; -1: it has expired. Default 2. */
  readonly days?: number
  /** Common name. Default the first of the names. */
  readonly subject?: string
  /** What `-newkey` of openssl says. Default an elliptic key, P-256. */
  readonly key?: readonly string[]
}

let made = 0
const folder = noOpenssl === false ? mkdtempSync(join(tmpdir(), 'topspin-certificates-')) : ''
if (folder !== '') process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const usualNames = ['localhost', '127.0.0.1']

export class Authority {
  readonly certFile: string
  readonly cert: string
  readonly #keyFile: string
  /** The authority itself, for what only it may sign. */
  readonly signer: Pair

  constructor(name: string = 'Test Authority') {
    const pair = selfSigned({ names: [], subject: name })
    this.certFile = pair.certFile
    this.cert = pair.cert
    this.#keyFile = pair.keyFile
    this.signer = pair
  }

  issue({
    names = usualNames,
    days = 2,
    subject = names[0] ?? 'nobody',
    key = usualKey,
  }: Wanted = {}): Pair {
    const [certFile, keyFile, request] = [newFile('crt'), newFile('key'), newFile('csr')]
    openssl('req', ...newKey(key), '-keyout', keyFile, '-out', request, ...about(subject, names))
    const by = ['-CA', this.certFile, '-CAkey', this.#keyFile, '-CAcreateserial']
    const how = ['-days', String(days), '-copy_extensions', 'copy']
    openssl('x509', '-req', '-in', request, ...by, ...how, '-out', certFile)
    return read(certFile, keyFile)
  }
}

/** A certificate that nobody else has signed. */
export function selfSigned({
  names = usualNames,
  subject = 'self',
  days = 2,
  key = usualKey,
}: Wanted = {}): Pair {
  const [certFile, keyFile] = [newFile('crt'), newFile('key')]
  const how = ['-x509', '-days', String(days), ...about(subject, names)]
  openssl('req', ...newKey(key), '-keyout', keyFile, '-out', certFile, ...how)
  return read(certFile, keyFile)
}

const usualKey = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

const newKey = (key: readonly string[]): string[] => ['-newkey', ...key, '-nodes']

function about(subject: string, names: readonly string[]): string[] {
  const alternatives = names.map((name) => `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`)
  const extension = ['-addext', `subjectAltName=${alternatives.join(',')}`]
  return ['-subj', `/CN=${subject}`, ...(names.length === 0 ? [] : extension)]
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function newFile(extension: string): string {
  made += 1
  return join(folder, `${made}.${extension}`)
}

function read(certFile: string, keyFile: string): Pair {
  const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file, 'utf8')) as [
    string,
    string,
  ]
  return { cert, key, certFile, keyFile }
}
