// The pages of the site are those of the repository. They are copied into this folder, because VitePress finds its packages
// from the place of a page.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const pagesFolder = fileURLToPath(new URL('../pages', import.meta.url))

/** Pages beside those in docs/, and the home page. */
const others = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
]

/** @param {string} path from the root */
export const isPage = (path) => others.includes(path) || /^docs\/.*\.md$/.test(path)

export function copyPages() {
  rmSync(pagesFolder, { recursive: true, force: true })
  cpSync(join(root, 'docs'), join(pagesFolder, 'docs'), { recursive: true })
  for (const page of others) {
    const target = join(pagesFolder, page)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(root, page), target)
  }
  cpSync(join(root, 'site', 'home.md'), join(pagesFolder, 'index.md'))
}
