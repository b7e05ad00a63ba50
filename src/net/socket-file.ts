// The file of a unix socket that this process listens on: made with the right mode and owner before anybody can connect,
// in the place of a file that nobody listens on any more, and removed at the end while it is still the same file.

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { socketFileLimits } from '../base/limits.ts'

export interface SocketFileOptions {
  /** Permissions. Default: 0o666 less the umask. */
  readonly mode?: number | undefined
  /** A user and a group by name or number. Default: those of this process. */
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** A file of a socket; another file under the same name has another inode. */
interface SocketFile {
  readonly path: string
  readonly inode: number
}

/**
 * Makes a server listen on `path`. The socket is bound under another name, gets its mode and owner, and is renamed then:
 * nobody connects earlier, and a file that is left from another process is replaced in one step.
 * Rejects with the system's error; EADDRINUSE when another process listens there, EEXIST when the file is no socket.
 */
export async function listenAtPath(
  server: Server,
  path: string,
  options: SocketFileOptions,
  backlog: number,
): Promise<void> {
  const mode = options.mode ?? 0o666 & ~process.umask()
  const [uid, gid] = [idOf('passwd', options.owner), idOf('group', options.group)]
  await checkPlace(path)
  const first = `${path}.${process.pid}`
  removeIfThere(first)
  await listenUnder(server, first, backlog).catch(({ code = '' }: NodeJS.ErrnoException) => {
    throw systemError(code, path, 'the socket cannot be made')
  })
  try {
    if (uid !== undefined || gid !== undefined) giveTo(first, uid, gid)
    chmodSync(first, mode)
    renameSync(first, path)
  } catch (error) {
    removeIfThere(first)
    server.close()
    throw error
  }
}

/** The system reads -1 as the present user or group. */
function giveTo(path: string, uid = -1, gid = -1): void {
  try {
    chownSync(path, uid, gid)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const advice = 'only root may do that, or a member of the group'
    throw Object.assign(new Error(`${code}: its owner or group cannot be set: ${advice}`), { code })
  }
}

/** Until its mode is set, the file is the owner's alone. */
function listenUnder(server: Server, path: string, backlog: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const umask = process.umask(0o177)
    try {
      server.listen({ path, backlog }, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(umask)
    }
  })
}

/** Rejects unless the name is free, or that of a socket on which nobody listens. */
async function checkPlace(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined && !existsSync(dirname(path)))
    throw systemError('ENOENT', path, 'the folder does not exist')
  if (file === undefined) return
  if (!file.isSocket()) throw systemError('EEXIST', path, 'a file that is no socket has this name')
  const outcome = await connectOutcome(path)
  if (outcome === 'ECONNREFUSED' || outcome === 'ENOENT') return
  if (outcome === 'EACCES') throw systemError('EACCES', path, 'a socket of another user is there')
  throw systemError('EADDRINUSE', path, 'another process listens there')
}

/** The code of the error, or `connected`; a listener that does not answer in time counts as one. */
function connectOutcome(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const end = (outcome: string): void => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(outcome)
    }
    const deadline = setTimeout(end, socketFileLimits.connectMs, 'ETIMEDOUT')
    socket.once('connect', () => end('connected'))
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => end(code))
  })
}

/** The files that this process has to remove at its end. */
export class SocketFiles {
  readonly #files: Map<string, SocketFile> = new Map()

  /** Notes the file that a listener has made, or that it has been handed. */
  add(path: string): void {
    const file = lstatSync(path, { throwIfNoEntry: false })
    if (file?.isSocket() === true) this.#files.set(path, { path, inode: file.ino })
  }

  /** Removes the file, unless another process has put its own there. To be called when nobody listens on it. */
  remove(path: string): void {
    const file = this.#files.get(path)
    this.#files.delete(path)
    if (file === undefined) return
    const present = lstatSync(path, { throwIfNoEntry: false })
    if (present?.ino === file.inode && present.isSocket()) removeIfThere(path)
  }

  removeAll(): void {
    for (const path of [...this.#files.keys()]) this.remove(path)
  }

  /** Leaves the files to another process, which listens on the same sockets from now on. */
  leaveAll(): void {
    this.#files.clear()
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // There is none, or the folder is gone as well.
  }
}

/** @throws Error when no such user or group is in the system's file. */
function idOf(table: 'passwd' | 'group', name: string | undefined): number | undefined {
  if (name === undefined) return undefined
  if (/^\d{1,10}$/.test(name)) return Number(name)
  const line = readFileSync(`/etc/${table}`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const id = Number(line?.split(':')[2] ?? Number.NaN)
  if (Number.isInteger(id)) return id
  throw new Error(`${name} is not in /etc/${table}: write a name that is, or a number`)
}

function systemError(code: string, path: string, reason: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`listen ${code}: ${reason}: ${path}`), {
    code,
    syscall: 'listen',
    address: path,
  })
}
