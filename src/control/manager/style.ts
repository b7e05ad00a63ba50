// The style of the control listener's pages and the response around them: no scripts and nothing from other
// servers. The policy names the style by its hash, so that browsers apply no other.

import { createHash } from 'node:crypto'
import { palette } from '../../wire/palette.ts'
import type { PageResponse } from '../page-response.ts'

export const style: string = `
${palette}
body { margin: 0 auto; padding: 1.5rem; max-width: 68rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere }
header h1 { font-size: 1.4rem }
h2 { margin: 1rem 0 .25rem; font-size: .95rem }
h3 { margin: .5rem 0 0; font-size: .8rem; font-weight: 600; color: var(--soft) }
a { color: var(--link) }
header { margin-bottom: 1.5rem }
header p { margin: .25rem 0 0; color: var(--soft) }
nav a { margin-right: 1rem }
.domain { margin: 1.5rem 0 .5rem }
.member { margin: 0 0 1rem; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--good); border-radius: 6px }
.member.wait { border-left-color: var(--wait) }
.member.bad { border-left-color: var(--bad) }
.member.left { border-left-color: var(--line); color: var(--soft) }
.state { margin: 0; font-weight: 600; color: var(--good) }
.wait > .state { color: var(--wait) }
.bad > .state { color: var(--bad) }
.left > .state { color: var(--soft) }
dl { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: .5rem 0 }
dt { font-size: .8rem; color: var(--soft) }
dd { margin: 0; font-variant-numeric: tabular-nums }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/2.4 ui-monospace, monospace }
.facts { margin: .5rem 0; font: 12px/1.5 ui-monospace, monospace; color: var(--soft); overflow-wrap: anywhere }
button { margin: .1rem 0; padding: .15rem .6rem; font: 13px/1.5 system-ui, sans-serif; color: inherit; background: none; border: 1px solid var(--line); border-radius: 4px; cursor: pointer }
button:hover, button:focus-visible { border-color: var(--link); color: var(--link) }
.problem { padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--bad); border-radius: 6px }
`

const hash = createHash('sha256').update(style).digest('base64')

/** Referrer `same-origin` and not stricter, so that browsers send the Origin of a form. */
const pageFields: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'same-origin',
}

export const htmlResponse = (
  status: PageResponse['status'],
  body: PageResponse['body'],
  fields: PageResponse['fields'] = {},
): PageResponse => ({
  status,
  contentType: 'text/html; charset=utf-8',
  body,
  fields: { ...pageFields, ...fields },
})
