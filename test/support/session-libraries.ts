// Installs the session libraries of test/interop/session-libraries with npm, once for each state of its list.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const folder = fileURLToPath(new URL('../../../test/interop/session-libraries/', import.meta.url))
const list = join(folder, 'package.json')
const stamp = join(folder, 'node_modules', '.installed')
/** An installation that takes longer has died. */
const installMs = 120_000

/** The application that uses them. */
export const libraryApp: string = join(folder, 'app.js')
/** For `createRequire`. */
export const libraryList: string = list

/** Why they are not here; `undefined` when they are. */
export const whyNoLibraries = (): Promise<string | undefined> =>
  underLock(join(folder, 'install.lock'), installMs, install)

function install(): string | undefined {
  const wanted = readFileSync(list, 'utf8')
  if (isInstalled(wanted)) return undefined
  const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund']
  const { status, stderr, error } = spawnSync('npm', [...args, '--loglevel=error'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: installMs,
  })
  if (error !== undefined || status !== 0)
    return `npm could not install the session libraries: ${(error?.message ?? stderr).slice(0, 300)}`
  writeFileSync(stamp, wanted)
  return undefined
}

function isInstalled(wanted: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === wanted
  } catch {
    return false
  }
}
