// `npm start [-- options]`: installs and builds what is missing, then runs the demo cluster.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

prepare()
const demo = spawn(
  process.execPath,
  [join(root, 'bin', 'topspin.js'), 'demo', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
// The terminal sends Ctrl-C to the whole group; wait for the demo to end its own processes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
})
