// `npm run bench [-- options]`: installs missing packages, including the proxies to compare with, builds, raises the
// limit of open files, then measures. `--help` lists the options.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

/** For 10,000 clients and a connection to a node for each busy one; see bench/cases/idle.ts. */
const openFiles = 65_536

if (process.platform !== 'linux') {
  console.error('topspin: the bench needs Linux: it reads the cost of programs from /proc')
  process.exit(1)
}
prepare()
if (!existsSync(join(root, 'bench', 'node_modules'))) {
  console.error('topspin: installing the proxies to compare with...')
  const args = [
    'ci',
    '--prefix',
    join(root, 'bench'),
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  // Without them the bench runs too, and reports which ones are missing.
  spawnSync('npm', args, { stdio: ['ignore', 2, 2] })
}
// Raises the soft limit alone where the hard one may not be raised.
const raised = `ulimit -n ${openFiles} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"`
const program = join(root, 'dist', 'bench', 'run.js')
const bench = spawn('sh', ['-c', raised, process.execPath, program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// Ctrl-C in a terminal reaches the bench, too; the parent must not end before it.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => bench.kill(signal))
bench.on('exit', (code) => {
  process.exitCode = code ?? 1
})
