// Installs the packages and compiles the sources when that has not been done since they changed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const installed = join(root, 'node_modules', '.topspin-installed')
const built = join(root, 'dist', '.topspin-built')
/** Below bench/: what it needs and what it writes. */
const notSources = ['node_modules', 'results']

/** Prints to standard error only, so that what follows owns standard output. */
export function prepare() {
  if (changedSince(installed, [join(root, 'package-lock.json')])) {
    say('installing packages')
    step('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
    writeFileSync(installed, '')
  }
  const sources = ['src', 'test', 'bench'].map((folder) => join(root, folder)).filter(existsSync)
  if (changedSince(built, [...sources, join(root, 'tsconfig.json'), installed])) {
    say('building')
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    step(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
    writeFileSync(built, '')
  }
}

function step(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    say(`failed: ${command} ${args.join(' ')}`)
    process.exit(1)
  }
}

function changedSince(mark, paths) {
  if (!existsSync(mark)) return true
  const then = statSync(mark).mtimeMs
  return paths.some((path) => newest(path) > then)
}

function newest(path) {
  const status = statSync(path)
  if (!status.isDirectory()) return status.mtimeMs
  const names = readdirSync(path).filter((name) => !notSources.includes(name))
  const inside = names.map((name) => newest(join(path, name)))
  return Math.max(status.mtimeMs, ...inside)
}

function say(text) {
  process.stderr.write(`topspin: ${text}...\n`)
}
