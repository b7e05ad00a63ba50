// Links of the pages, which are written for the repository: headings have the anchors that GitHub gives them, and links to
// files that are no pages of the site lead to the repository.
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The anchor of a heading, as GitHub makes it. @param {string} title */
export function slugify(title) {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * A plugin of markdown-it.
 * @param {import('markdown-it')} markdown
 * @param {{ root: string, pagesFolder: string, repository: string, isPage: (path: string) => boolean }} options `isPage` of a
 *   path from the root
 */
export function linksToRepository(markdown, { root, pagesFolder, repository, isPage }) {
  markdown.core.ruler.push('links to the repository', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href === null || /^(?:[a-z]+:|#|\/)/.test(href)) continue
      const [path = '', anchor] = href.split('#')
      const target = relative(pagesFolder, join(dirname(env.path), decodeURI(path)))
      if (isPage(target)) continue
      const file = join(root, target)
      if (!existsSync(file)) continue
      const kind = statSync(file).isDirectory() ? 'tree' : 'blob'
      token.attrSet(
        'href',
        `${repository}/${kind}/main/${target}${anchor === undefined ? '' : `#${anchor}`}`,
      )
    }
  })
}
