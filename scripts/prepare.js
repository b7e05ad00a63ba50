// Installs the packages and compiles the sources if they have changed since the last time.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const installed = join(root, 'node_modules', '.topspin-installed')
const built = join(root, 'dist', '.topspin-built')
/** Folders of bench/ that are not sources. */
const notSources = ['node_modules', 'results']
/** What the build depends on beside the sources. */
const buildFiles = ['tsconfig.json', 'scripts/console.js'].map((name) => join(root, name))

/** Undoes what `npm pack --dry-run` and `npm publish --dry-run` set for the programs they start, and NODE_ENV=production. */
const inherited = ['--no-dry-run', '--include=dev']

/** Writes to standard error alone: standard output belongs to the program that follows. */
export function prepare() {
  if (changedSince(installed, [join(root, 'package-lock.json')])) {
    log('installing packages')
    step('npm', [
      'install',
      ...inherited,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ])
    writeFileSync(installed, '')
  }
  const sources = ['src', 'test', 'bench'].map((folder) => join(root, folder)).filter(existsSync)
  if (changedSince(built, [...sources, ...buildFiles, installed])) {
    log('building')
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    step(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
    step(process.execPath, [join(root, 'scripts', 'console.js')])
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
    log(`failed: ${command} ${args.join(' ')}`)
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

function log(text) {
  process.stderr.write(`topspin: ${text}...\n`)
}
