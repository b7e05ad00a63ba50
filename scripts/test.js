// `npm test [-- part...]`: installs missing packages, builds, then runs the compiled tests with
// node:test. A part is a folder below test/ (unit, sim, scenes, interop, fuzz); default: all of them.
// Files named `*.timed.test.ts` hold the product to deadlines: they run last, one at a time. A file that fails runs once
// more, alone: a busy machine can keep any process waiting. The second result counts, and both are printed.
// `node --test <folder>` and `node --test <glob>` each work on some lines of Node.js only, hence this runner.
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
/** Of the last run of each file: how many of its tests passed, failed, were skipped. */
const totals = new Map()
const first = [
  ...(await failuresOf(
    files.filter((file) => !isTimed(file)),
    2,
  )),
  ...(await failuresOf(files.filter(isTimed), 1)),
]
const again = [...new Set(first.map(({ file }) => file))]
const failures = await failuresOf(again, 1)
for (const kind of ['tests', 'pass', 'fail', 'cancelled', 'skipped', 'todo']) {
  const count = [...totals.values()].reduce((sum, total) => sum + (total.get(kind) ?? 0), 0)
  console.log(`\u2139 ${kind} ${count}`)
}
const stillFails = new Set(failures.map(({ file }) => file))
print(
  'failed beside other tests, passed alone',
  first.filter(({ file }) => !stillFails.has(file)),
)
print('failed', failures)
if (failures.length > 0) process.exitCode = 1

async function failuresOf(some, concurrency) {
  const failures = []
  const waiting = [...some]
  const runWaiting = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      failures.push(...(await failuresOfFile(file)))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, runWaiting))
  return failures
}

/** One run for each file: the event of a failed test names the file that declares the test, which may be a helper. */
async function failuresOfFile(file) {
  const failures = []
  const total = new Map()
  const tests = run({ files: [file], timeout: 300_000 })
  tests.on('test:fail', ({ name }) => failures.push({ name, file }))
  let report = ''
  for await (const text of tests.compose(withoutTotals(total)).compose(new spec())) report += text
  process.stdout.write(report)
  totals.set(file, total)
  return failures
}

/** Moves the totals that each run ends with from its report to `total`. */
function withoutTotals(total) {
  return async function* (events) {
    for await (const event of events) {
      const [, kind, count] =
        /^(\w{1,12}) (\d{1,9})(?:\.\d{1,9})?$/.exec(event.data?.message ?? '') ?? []
      if (event.type === 'test:diagnostic' && kind !== undefined) total.set(kind, Number(count))
      else yield event
    }
  }
}

function print(title, failures) {
  if (failures.length === 0) return
  const lines = failures.map(({ name, file }) => `  ${relative(root, file)}: ${name}`)
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
