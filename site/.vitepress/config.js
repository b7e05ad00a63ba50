// The site of the documentation: the pages of the repository, as they are, with a sidebar and a search.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { linksToRepository, slugify } from './links.js'
import { copyPages, isPage, pagesFolder, root } from './pages.js'
import { searchOptions, unsearched } from './search.js'
import { sidebar } from './sidebar.js'

copyPages()
const { repository, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const repositoryUrl = repository.url.replace(/^git\+/, '').replace(/\.git$/, '')

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="%232a7f88"/><path d="M4 10c2-5 6-5 8-4" stroke="white" stroke-width="1.6" fill="none"/></svg>'

export default defineConfig({
  lang: 'en',
  title: 'Topspin',
  description: 'HTTP load balancer in which servers register themselves and report their load',
  srcDir: pagesFolder,
  cleanUrls: true,
  // scripts/site.js checks the links of the output, with their anchors.
  ignoreDeadLinks: true,
  markdown: {
    anchor: { slugify },
    config(markdown) {
      linksToRepository(markdown, { root, pagesFolder, repository: repositoryUrl, isPage })
    },
  },
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${icon}` }]],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/docs/getting-started' },
      { text: 'Configuration', link: '/docs/configuration' },
      { text: 'Troubleshooting', link: '/docs/troubleshooting' },
      { text: version, link: '/CHANGELOG' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // VitePress sends this function to the browser as text, so it may use nothing from here.
        miniSearch: { searchOptions },
        _render(text, env, markdown) {
          return unsearched.includes(env.relativePath) ? '' : markdown.render(text, env)
        },
      },
    },
    footer: { message: 'Apache-2.0' },
  },
})
