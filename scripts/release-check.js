// `npm publish` runs this first: it refuses a package with placeholders, or without an entry in the changelog. With
// --dry-run it reports the same and refuses nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './prepare.js'

const read = (path) => readFileSync(join(root, path), 'utf8')
const { version } = JSON.parse(read('package.json'))
const isDryRun = process.env.npm_config_dry_run === 'true'

const problems = ['package.json', '.github/CODEOWNERS']
  .filter((path) => read(path).includes('OWNER'))
  .map((path) => `${path}: replace the placeholder OWNER`)
if (!read('CHANGELOG.md').includes(`## [${version}]`)) {
  problems.push(`CHANGELOG.md: no section "## [${version}]"`)
}
for (const problem of problems) console.error(problem)
if (problems.length > 0 && isDryRun) console.error('npm publish without --dry-run refuses')
process.exitCode = problems.length > 0 && !isDryRun ? 1 : 0
