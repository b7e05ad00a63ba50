// `npm run site`: the site of the documentation, in site/.vitepress/dist. Installs its packages there if they have changed,
// builds it, and fails when a link of a page leads nowhere.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './prepare.js'
import { deadLinks } from './site-links.js'

const site = join(root, 'site')
const output = join(site, '.vitepress', 'dist')
const installed = join(site, 'node_modules', '.topspin-installed')

if (
  !existsSync(installed) ||
  statSync(join(site, 'package-lock.json')).mtimeMs > statSync(installed).mtimeMs
) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(installed, '')
}
run('npm', ['run', '--silent', 'build'])
const { pages, links, dead } = deadLinks(output)
for (const link of dead) console.error(`leads nowhere: ${link}`)
console.log(`${pages} pages, ${links} links within the site, ${dead.length} dead: ${output}`)
if (dead.length > 0 || pages === 0) process.exitCode = 1

function run(command, args) {
  const isWindows = process.platform === 'win32'
  const { status } = spawnSync(command, args, { cwd: site, stdio: 'inherit', shell: isWindows })
  if (status !== 0) process.exit(1)
}
