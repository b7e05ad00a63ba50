// `npm test [-- part...]`: installs missing packages, builds, then runs the compiled tests with
// node:test. A part is a folder below test/ (unit, sim, scenes, interop, fuzz); default: all of them.
// Files named `*.timed.test.ts` hold the product to deadlines: they run last, one at a time. A file of scenes/ or interop/
// that fails runs once more, alone: it has many processes, and a busy machine can keep any of them waiting. Its second
// result counts, and both are printed. Files of the other folders have no such excuse.
// `node --test <folder>` and `node --test <glob>` each work on some lines of Node.js only, hence this runner.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
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
const isTimed = (file) => file.endsWith('.timed.test.js')
const first = [
  ...(await failuresOf(
    files.filter((file) => !isTimed(file)),
    2,
  )),
  ...(await failuresOf(files.filter(isTimed), 1)),
]
const again = new Set(first.map(({ file }) => file).filter(isOfProcesses))
const second = await failuresOf([...again], 1)
const failures = [...first.filter(({ file }) => !again.has(file)), ...second]
print(
  'failed beside other tests, passed alone',
  first.filter(({ file }) => again.has(file) && second.every((failure) => failure.file !== file)),
)
print('failed', failures)
if (failures.length > 0) process.exitCode = 1

async function failuresOf(some, concurrency) {
  const failures = []
  if (some.length === 0) return failures
  const tests = run({ files: some, concurrency, timeout: 300_000 })
  tests.on('test:fail', ({ name, file }) => failures.push({ name, file }))
  const report = tests.compose(new spec())
  report.pipe(process.stdout, { end: false })
  await once(report, 'end')
  return failures
}

function isOfProcesses(file) {
  return file !== undefined && /^dist.test.(scenes|interop)\b/.test(relative(root, file))
}

function print(title, failures) {
  if (failures.length === 0) return
  const lines = failures.map(
    ({ name, file }) => `  ${file === undefined ? '' : `${relative(root, file)}: `}${name}`,
  )
  console.error(`\n${title}:\n${lines.join('\n')}`)
}

function testsBelow(folder) {
  let entries
  try {
    entries = readdirSync(folder, { recursive: true })
  } catch {
    return []
  }
  return entries.filter((name) => name.endsWith('.test.js')).map((name) => join(folder, name))
}
