// The links of a built site, in its HTML: to pages, anchors and files.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @param {string} folder of the built site. @returns how many pages and links there are, and the links that lead nowhere. */
export function deadLinks(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const pages = names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html'))
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]))
  const anchors = new Map([...texts].map(([page, text]) => [page, idsIn(text)]))
  const dead = []
  let links = 0
  for (const [page, text] of texts)
    for (const [, link = ''] of text.matchAll(
      /<(?:a|img|script|link)\b[^>]*? (?:href|src)="([^"]*)"/g,
    )) {
      if (/^(?:[a-z]+:|\/\/)/.test(link) || link === '') continue
      links++
      if (!leadsSomewhere(link, page)) dead.push(`${page}: ${link}`)
    }
  return { pages: pages.length, links, dead }

  function leadsSomewhere(link, page) {
    const [path = '', anchor = ''] = decodeURI(link)
      .replace(/\?.*?(?=#|$)/, '')
      .split('#')
    const target = path === '' ? page : fileOf(path, page)
    if (target === undefined) return false
    return anchor === '' || anchors.get(target)?.has(anchor) === true
  }

  /** As a server of static files finds it. */
  function fileOf(path, page) {
    const from = path.startsWith('/') ? path.slice(1) : join(dirname(page), path)
    const tries = [from, `${from}.html`, join(from, 'index.html')]
    return tries.find(
      (file) => texts.has(file) || (/\.\w+$/.test(file) && existsSync(join(folder, file))),
    )
  }
}

/** @param {string} text of a page. */
function idsIn(text) {
  return new Set(
    [...text.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id.replaceAll('&amp;', '&')),
  )
}
