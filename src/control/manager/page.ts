// The manager page as HTML. It has httpd's texts and line breaks, so that programs that read httpd's page can
// read this one (mcmp.md 6, decision 60). Pure; every text from the network is escaped.

import { hostPortText } from '../../base/host-port.ts'
import { packageVersion } from '../../base/package-version.ts'
import { type Html, html, Html as Raw } from '../../wire/html.ts'
import { statusAfter } from '../../wire/mcmp/context-status.ts'
import { releaseName } from '../../wire/mcmp/version.ts'
import { contextStatusText, nodeState } from '../status-report.ts'
import { style } from './style.ts'
import type { ContextView, DomainView, HostView, NodeView } from './view.ts'

interface PageOptions {
  /** The path of the page in the request. */
  readonly path: string
  readonly token: string
  /** Actions are links, as in httpd, and not buttons that send a POST. */
  readonly byGet: boolean
  /** Seconds after which the browser reloads the page; `undefined`: never. */
  readonly refresh: number | undefined
}

/** The page in pieces, one for each node. Lines that programs read are exactly httpd's, apart from the escaping. */
export function* managerPage(
  domains: readonly DomainView[],
  options: PageOptions,
): Generator<string> {
  const { path, token, byGet, refresh } = options
  const again =
    refresh === undefined
      ? html`<a href="${path}?refresh=10">Auto Refresh</a>`
      : html`<a href="${path}">Stop Refresh</a>`
  const form = byGet
    ? html``
    : html`<form id="act" method="post" action="${path}"><input type="hidden" name="nonce" value="${token}"></form>\n`
  yield documentBegin()
  yield html`<header>
<h1>${releaseName}</h1>
<p>Topspin ${packageVersion()}</p>
<nav>${again} <a href="${path}?Cmd=DUMP&Range=ALL">show DUMP output</a> <a href="${path}?Cmd=INFO&Range=ALL">show INFO output</a></nav>
</header>
${form}`.text
  if (domains.length === 0)
    yield html`<p>No server has registered yet. Servers register over the mod_cluster protocol (MCMP).</p>\n`
      .text
  for (const { name, nodes } of domains) {
    if (name !== '') yield domainHtml(name, options).text
    for (const node of nodes) yield nodeHtml(node, options).text
  }
  yield documentEnd
}

/** The reason why an action failed, with a link back. */
export const failurePage = (path: string, text: string): string =>
  document(html`<header>
<h1>${releaseName}</h1>
</header>
<div class="problem">
<h1> Command failed: ${text} </h1>
<a href="${path}">Continue</a>
</div>
`)

/** A square with a spinning top, in the page itself: a browser asks for no other file. */
const icon: string = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 5h14L8 15zM7 1h2v4H7z" fill="#1257b8"/></svg>',
)}`

/** A complete page around its content. */
export const document = (content: Html): string => `${documentBegin()}${content.text}${documentEnd}`

const documentBegin = (): string =>
  html`<!DOCTYPE html>
<html lang="en"><head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Topspin ${packageVersion()}: Mod_cluster Status</title>
<link rel="icon" href="${icon}">
<style>${new Raw(style)}</style>
</head><body>
`.text

const documentEnd = '</body></html>\n'

const commands = [
  ['ENABLE-APP', 'Enable'],
  ['DISABLE-APP', 'Disable'],
  ['STOP-APP', 'Stop'],
] as const

/** A button or link that sends one command. */
function action(label: string, parameters: Record<string, string>, options: PageOptions): Html {
  const { refresh } = options
  const again = refresh === undefined ? {} : { refresh: String(refresh) }
  const query = new URLSearchParams({ ...parameters, ...again }).toString()
  return options.byGet
    ? html`<a href="${options.path}?nonce=${options.token}&${query}">${label}</a>`
    : html`<button form="act" formaction="${options.path}?${query}">${label}</button>`
}

const spaced = (pieces: readonly Html[]): readonly Html[] =>
  pieces.map((piece, index) => (index === 0 ? piece : html` ${piece}`))

/** The line above the nodes of a domain. */
function domainHtml(name: string, options: PageOptions): Html {
  const actions = commands.map(([command, verb]) =>
    action(`${verb} Nodes`, { Cmd: command, Range: 'DOMAIN', Domain: name }, options),
  )
  return html`<h1 class="domain"> LBGroup ${name}: ${spaced(actions)}</h1>\n`
}

function nodeHtml(view: NodeView, options: PageOptions): Html {
  const { node, name, report } = view
  const state = nodeState(report)
  const colour = colourOf(view, state)
  const actions = commands.map(([command, verb]) =>
    action(`${verb} Contexts`, { Cmd: command, Range: 'NODE', JVMRoute: node.route }, options),
  )
  const hosts = view.hosts.map((host) => hostHtml(host, view, options))
  return html`<section class="member ${colour}">
<h1> Node ${name} (${node.type}://${hostPortText(node)}): </h1>
<p class="state">${state}</p>
${node.removal === 'none' ? html`<p>${spaced(actions)}</p>\n` : html``}<dl>
${figure('load factor', report.loadFactor ?? 0)}${figure('in flight', report.inFlight)}${figure('in hand', report.room.inHand)}${figure('long', report.room.long)}${figure('works on at once', report.room.knee)}${figure('ms each', report.room.ms ?? 0)}${figure('sessions', report.sessions)}${figure('requests', report.elected)}${figure('failed', report.failures)}${figure('errors', report.errors)}</dl>
<p class="facts">
${facts(view)}
</p>
${hosts}</section>
`
}

/** A node that has left is no fault. */
function colourOf({ node, isOk }: NodeView, state: string): string {
  if (node.removal !== 'none') return 'left'
  if (state === 'up') return 'good'
  return isOk ? 'wait' : 'bad'
}

const figure = (name: string, value: number): Html =>
  html`<div><dt>${name}</dt><dd>${value.toLocaleString('en')}</dd></div>\n`

const flush = { off: 'Off', on: 'On', auto: 'Auto' } as const

/** httpd's line: times in microseconds, and "Transferred", which INFO spells otherwise. */
function facts({ node, report, isOk }: NodeView): string {
  return [
    `Balancer: ${node.balancer}`,
    `LBGroup: ${node.removal === 'forgotten' ? '' : node.domain}`,
    `Flushpackets: ${flush[node.flushPackets]}`,
    `Flushwait: ${node.flushWaitMs * 1_000}`,
    `Ping: ${node.pingMs * 1_000}`,
    `Smax: ${node.smax}`,
    `Ttl: ${node.ttlMs * 1_000}`,
    `Status: ${isOk ? 'OK' : 'NOTOK'}`,
    `Elected: ${report.elected}`,
    `Read: ${report.bytesRead}`,
    `Transferred: ${report.bytesSent}`,
    `Connected: ${report.inFlight}`,
    `Load: ${report.loadFactor ?? 0}`,
    `Num sessions: ${report.sessions}`,
  ].join(',')
}

function hostHtml(host: HostView, view: NodeView, options: PageOptions): Html {
  const contexts = host.contexts.map((context) => contextHtml(context, view, options))
  const aliases = host.aliases.map((alias) => html`${alias}\n`)
  return html`<h2> Virtual Host ${host.number}:</h2>
<h3>Contexts:</h3>
<pre>
${contexts}</pre>
<h3>Aliases:</h3>
<pre>
${aliases}</pre>
`
}

/** With the actions that lead to another status, and whose status it is where an operator has ordered something. */
function contextHtml(context: ContextView, view: NodeView, options: PageOptions): Html {
  const { path, status, order, aliases, inFlight } = context
  const actions = commands
    .filter(([command]) => statusAfter[command] !== status)
    .map(([command, verb]) => {
      const of = { JVMRoute: view.node.route, Alias: aliases.join(','), Context: path }
      return action(verb, { Cmd: command, Range: 'CONTEXT', ...of }, options)
    })
  const whose = order === undefined ? html`` : html` <small>${contextStatusText(context)}</small>`
  return html`${path}, Status: ${status} Request: ${inFlight} ${spaced(actions)}${whose}\n`
}
