// `/` of the control listener: what else is there, for somebody who tries the address in a browser.

import { html } from '../../wire/html.ts'
import type { Answer } from '../answer.ts'
import { document } from './page.ts'
import { pageFields } from './style.ts'

const links: readonly (readonly [path: string, what: string])[] = [
  ['/mod_cluster-manager', 'who is registered, and the switches'],
  ['/api/status', 'the same as JSON'],
  ['/metrics', 'numbers for Prometheus'],
  ['/livez', 'whether it lives'],
  ['/readyz', 'whether it takes traffic'],
]

const items = links.map(([path, what]) => html`<li><a href="${path}">${path}</a> ${what}</li>\n`)

export const frontPage: Answer = {
  status: 200,
  contentType: 'text/html; charset=utf-8',
  fields: pageFields,
  body: document(html`<header>
<h1>Topspin</h1>
<p>This is the control listener. Servers register here by mod_cluster's protocol (MCMP).</p>
</header>
<ul>
${items}</ul>
`),
}
