// `npm test [-- part...]`: installs missing packages, builds, then runs the compiled tests with
// node:test. A part is a folder below test/ (unit, sim, scenes, interop, fuzz); default: all of them.
// `node --test <folder>` and `node --test <glob>` each work on some lines of Node.js only, hence this runner.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { prepare, root } from './prepare.js'

// Impossible steps of a client's connection throw (src/forward/client/client-states.ts).
process.env.TOPSPIN_CHECK_STATES ??= '1'
const options = process.argv.slice(2)
if (!options.includes('--no-build')) prepare()
const parts = options.filter((option) => !option.startsWith('--'))
const folders = parts.length > 0 ? parts : ['unit', 'sim', 'scenes', 'interop', 'fuzz']

const files = folders.flatMap((part) => testsBelow(join(root, 'dist', 'test', part)))
if (files.length === 0) {
  console.error(`no tests below test/: ${folders.join(', ')}`)
  process.exit(1)
}
run({ files, concurrency: 2, timeout: 300_000 })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(new spec())
  .pipe(process.stdout)

function testsBelow(folder) {
  let entries
  try {
    entries = readdirSync(folder, { recursive: true })
  } catch {
    return []
  }
  return entries.filter((name) => name.endsWith('.test.js')).map((name) => join(folder, name))
}
