// The root of a container image without a container engine: Node.js with the libraries that it loads, `env`, and folders to
// mount. Containers are processes in namespaces of their own whose root is read-only. Linux, as root.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ImageStage } from './dockerfile.ts'
import { until } from './until.ts'

/** Why no image can be run here; `false` when one can. */
export function noContainers(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux'
  try {
    execFileSync('unshare', [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      'ip',
      'link',
      'set',
      'lo',
      'up',
    ])
    execFileSync('chroot', ['--version'])
    return false
  } catch (error) {
    return `needs unshare, chroot and ip: ${(error as Error).message}`
  }
}

/** What the base image has, as far as the program needs it. */
export function makeBaseImage(folder: string): void {
  for (const name of ['dev', 'proc', 'etc', 'tmp'])
    mkdirSync(join(folder, name), { recursive: true })
  copyProgram(process.execPath, join(folder, 'usr', 'local', 'bin', 'node'), folder)
  copyProgram('/usr/bin/env', join(folder, 'usr', 'bin', 'env'), folder)
  writeFileSync(join(folder, 'etc', 'hosts'), '127.0.0.1 localhost proxy\n')
}

function copyProgram(from: string, to: string, folder: string): void {
  copyFile(from, to)
  const libraries = execFileSync('ldd', [from], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)
  for (const [, library = ''] of libraries) copyFile(library, join(folder, library))
}

function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { dereference: true })
}

export function linkInImage(folder: string, stage: ImageStage): void {
  for (const [target, name] of stage.links) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    symlinkSync(target, join(folder, name))
  }
}

interface Watched {
  readonly process: ChildProcessWithoutNullStreams
  output(): string
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

export interface Container extends Watched {
  /** Of its first process, as seen from outside. */
  readonly pid: number
}

const path = 'PATH=/usr/local/bin:/usr/bin'
/** $1: the root; $2: the user; $3: the working folder; then the command. */
const script = `set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
root=$1 user=$2 folder=$3
shift 3
exec chroot --userspec="$user" "$root" /usr/bin/env -i --chdir="$folder" "$@"`

/** @param beside a container whose network it shares; default: a network of its own, with loopback alone. */
export async function startContainer(
  t: TestContext,
  folder: string,
  stage: ImageStage,
  how: {
    command: readonly string[]
    environment?: Readonly<Record<string, string>>
    beside?: Container
  },
): Promise<Container> {
  const { command, environment = {}, beside } = how
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const inside = [script, 'sh', folder, stage.user, stage.workdir, path, ...variables, ...command]
  const spaces = ['unshare', '--mount', '--pid', '--fork']
  const [file = '', ...args] =
    beside === undefined
      ? [...spaces, '--net', 'sh', '-c', `ip link set lo up\n${inside[0]}`, ...inside.slice(1)]
      : ['nsenter', `--net=/proc/${beside.pid}/ns/net`, ...spaces, 'sh', '-c', ...inside]
  const watched = watch(spawn(file, args))
  const outside = watched.process.pid
  const children = (): string =>
    readFileSync(`/proc/${outside}/task/${outside}/children`, 'utf8').trim()
  await until('its first process runs', () => /^\d+$/.test(children()), 10_000, watched.output)
  const pid = Number(children())
  // With the first process of their namespace all others end. It has another user than unshare, which cannot end it.
  t.after(() => killed(pid))
  return { ...watched, pid }
}

/** Runs a command inside, as `docker exec` would. @returns its exit code and what it printed. */
export function runInside(
  { pid }: Container,
  stage: ImageStage,
  command: readonly string[],
): { code: number; text: string } {
  const [user = '', group = ''] = stage.user.split(':')
  const enter = [`--target=${pid}`, '--mount', '--pid', '--net', '--root', '--wd']
  const args = [...enter, `--setuid=${user}`, `--setgid=${group}`, '/usr/bin/env', path, ...command]
  try {
    return { code: 0, text: execFileSync('nsenter', args, { encoding: 'utf8', stdio: 'pipe' }) }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, text: `${stdout}${stderr}` }
  }
}

/** A program of Node.js in the container's network. */
export function spawnBeside(t: TestContext, { pid }: Container, source: string): Watched {
  const args = [`--net=/proc/${pid}/ns/net`, process.execPath, '--input-type=module', '-e', source]
  const watched = watch(spawn('nsenter', args))
  t.after(() => watched.process.kill('SIGKILL'))
  return watched
}

function watch(child: ChildProcessWithoutNullStreams): Watched {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      text += part
    })
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return { process: child, output: () => text, ended }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
