// The folder for local sockets by which the processes of one user on one machine find each other. It does not depend on
// the environment: a process that is started again later may have another one.

import { lstatSync, mkdirSync, readlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Memory file systems last: containers with a read-only root have them. */
const parents = ['/tmp', '/var/tmp', '/dev/shm', tmpdir()]

/**
 * A folder that only this user can open; created where it is missing.
 * @returns `undefined` where no folder for temporary files can be written, and on Windows, whose local sockets are not
 * files.
 */
export function socketFolder(): string | undefined {
  if (process.platform === 'win32') return undefined
  const uid = process.geteuid?.() ?? 0
  return parents.map((parent) => join(parent, `topspin-${uid}`)).find((path) => isOwn(path, uid))
}

/**
 * Names the space of ports that this process listens in: containers may share a folder, and each has ports of its own.
 */
export function portSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/net').replace(/\D/g, '')
  } catch {
    return hostname()
      .replace(/[^A-Za-z0-9]/g, '-')
      .slice(-20)
  }
}

/** Another user who created the folder first could pretend to be one of the processes. */
function isOwn(path: string, uid: number): boolean {
  try {
    mkdirSync(path, { mode: 0o700, recursive: true })
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  } catch {
    return false
  }
}
