// Installs gRPC for Node.js (npm) and for Python (a virtual environment) in test/interop/grpc, once for each state of its lists.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const folder = fileURLToPath(new URL('../../../test/interop/grpc/', import.meta.url))
/** An installation that takes longer has died. */
const installMs = 180_000

export const pythonPrograms: Readonly<Record<'interpreter' | 'client' | 'server', string>> = {
  interpreter: join(folder, 'venv/bin/python'),
  client: join(folder, 'client.py'),
  server: join(folder, 'server.py'),
}

/** The service `echo.Echo` by @grpc/grpc-js; only when `whyNoGrpc` has said nothing. */
export const requireEcho = (): EchoModule =>
  createRequire(import.meta.url)(join(folder, 'echo.cjs')) as EchoModule

/** Why they are not here; `undefined` when they are. */
export const whyNoGrpc = (): Promise<string | undefined> =>
  underLock(join(folder, 'install.lock'), 2 * installMs, install)

function install(): string | undefined {
  return (
    once('package.json', 'npm.installed', 'npm', [
      'install',
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]) ??
    once('requirements.txt', 'venv.installed', 'sh', [
      '-c',
      'python3 -m venv venv && venv/bin/pip install -q -r requirements.txt',
    ])
  )
}

/** Runs the command unless it has been run for this list. */
function once(list: string, stamp: string, command: string, args: readonly string[]) {
  const wanted = readFileSync(join(folder, list), 'utf8')
  if (isStamped(stamp, wanted)) return undefined
  const options = { cwd: folder, encoding: 'utf8', timeout: installMs } as const
  const { status, stderr, error } = spawnSync(command, args, options)
  if (error !== undefined || status !== 0)
    return `${list} could not be installed: ${(error?.message ?? stderr).slice(0, 300)}`
  writeFileSync(join(folder, stamp), wanted)
  return undefined
}

function isStamped(stamp: string, wanted: string): boolean {
  try {
    return readFileSync(join(folder, stamp), 'utf8') === wanted
  } catch {
    return false
  }
}

/** A call of a stream: @grpc/grpc-js has its types in a folder that is not installed with the project. */
interface Call extends NodeJS.ReadWriteStream {
  cancel(): void
}

interface Failure extends Error {
  readonly code: number
  readonly details: string
}

type Done = (error: Failure | null, answer?: Buffer) => void

export interface EchoClient {
  Unary(message: Buffer, options: { deadline?: number }, done: Done): void
  Collect(done: Done): Call
  Repeat(message: Buffer): Call
  Talk(): Call
  close(): void
}

export interface EchoServer {
  readonly server: { tryShutdown(done: () => void): void; forceShutdown(): void }
  readonly port: number
}

interface EchoModule {
  readonly handlers: { cancelled: number }
  /** @param ca PEM of the authority; absent: in the clear. */
  connect(address: string, ca?: Buffer): EchoClient
  /** @param tls PEM of key and certificate; absent: in the clear. */
  serve(
    name: string,
    port?: number,
    tls?: { readonly key: Buffer; readonly cert: Buffer },
  ): Promise<EchoServer>
}
