// `npm publish` runs this first: it refuses a package with placeholders, or without an entry in the changelog.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './prepare.js'

const read = (path) => readFileSync(join(root, path), 'utf8')
const { version } = JSON.parse(read('package.json'))

const problems = ['package.json', '.github/CODEOWNERS']
  .filter((path) => read(path).includes('OWNER'))
  .map((path) => `${path}: replace the placeholder OWNER`)
if (!read('CHANGELOG.md').includes(`## [${version}]`)) {
  problems.push(`CHANGELOG.md: no section "## [${version}]"`)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
