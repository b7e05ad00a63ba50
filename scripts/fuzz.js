// `npm run fuzz -- [--minutes N] [part...]`: runs the fuzzers of test/fuzz again and again, each time with another seed,
// for N minutes (default 10). A part is the beginning of a file's name: http, ajp. Prints the seed of each round;
// the first round that fails ends it, and TOPSPIN_FUZZ_SEED repeats it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { prepare, root } from './prepare.js'

const words = process.argv.slice(2)
const at = words.indexOf('--minutes')
const minutes = at < 0 ? 10 : Number(words[at + 1])
const parts = words.filter((_, index) => at < 0 || (index !== at && index !== at + 1))
if (!(minutes > 0 && minutes <= 1440) || parts.some((part) => part.startsWith('-'))) {
  console.error('usage: npm run fuzz -- [--minutes 0..1440] [part...]')
  process.exit(2)
}
prepare()
const folder = join(root, 'dist', 'test', 'fuzz')
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => parts.length === 0 || parts.some((part) => name.startsWith(part)))
  .map((name) => join(folder, name))
if (files.length === 0) {
  console.error(`no fuzzers: ${parts.join(', ')}`)
  process.exit(2)
}

const end = Date.now() + minutes * 60_000
let rounds = 0
let seed = Number(process.env.TOPSPIN_FUZZ_SEED ?? Date.now() % 1_000_000_000)
while (process.exitCode === undefined && (rounds === 0 || Date.now() < end)) {
  console.log(`round ${rounds + 1}: TOPSPIN_FUZZ_SEED=${seed}`)
  await round(seed)
  rounds++
  seed++
}
console.log(`${rounds} rounds, ${process.exitCode === undefined ? 'none' : 'the last one'} failed`)

/** One run of all files. What passes is not reported but in the first round. */
function round(number) {
  process.env.TOPSPIN_FUZZ_SEED = String(number)
  process.env.NODE_OPTIONS = `--import=${new URL('fuzz-seed.js', import.meta.url).href}`
  const isFirst = rounds === 0
  return new Promise((resolve, reject) => {
    const tests = run({ files, concurrency: 2, timeout: 600_000 })
    tests.on('test:fail', ({ name, details }) => {
      process.exitCode = 1
      if (!isFirst) console.error(name, details.error)
    })
    tests.on('error', reject)
    tests.on('end', resolve)
    if (isFirst) tests.compose(new spec()).pipe(process.stdout)
    else tests.resume()
  })
}
