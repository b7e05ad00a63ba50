// `/` of the control listener: links to the pages, for a browser.

import { html } from '../../wire/html.ts'
import type { PageResponse } from '../page-response.ts'
import { document } from './page.ts'
import { htmlResponse } from './style.ts'

const links: readonly (readonly [path: string, content: string])[] = [
  ['/console/', 'the console: live state, charts, explanations, actions'],
  ['/mod_cluster-manager', 'registered nodes, with buttons to enable, disable and stop them'],
  ['/api/status', 'the same as JSON; /api/v1/openapi.json describes the API'],
  ['/metrics', 'metrics for Prometheus'],
  ['/livez', 'liveness check'],
  ['/readyz', 'readiness check: fails while the proxy drains'],
]

const items = links.map(([path, text]) => html`<li><a href="${path}">${path}</a> ${text}</li>\n`)

export const frontPage: PageResponse = htmlResponse(
  200,
  document(html`<header>
<h1>Topspin</h1>
<p>This is the control listener. Servers register here over the mod_cluster protocol (MCMP).</p>
</header>
<ul>
${items}</ul>
`),
)
