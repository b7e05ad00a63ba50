// What is wrong, in words, for the banner; the worst first. Nothing here is a guess: each sentence has its figures.

import type { ApiApplication, ApiCertificate, ApiNode, ApiProxy } from './api.ts'
import { expiresSoon } from './certificate-age.ts'
import type { ClusterView, NodeView } from './cluster-view.ts'
import { counted, duration, listText, percent } from './format.ts'
import { nodeState } from './node-state.ts'

export interface Problem {
  /** The same while the same thing is wrong, whatever its figures. */
  readonly key: string
  readonly tone: 'bad' | 'wait' | 'off'
  readonly text: string
  /** Where to look. */
  readonly route?: string
  /** Page of the console that tells more, where it is not that of a node. */
  readonly page?: string
}

/** A share of the last minute's requests that is worth a sentence. */
const worthShare = 0.01
/** Responses in a minute below which a share means nothing. */
const enough = 20
/** Nodes that get a sentence each for one kind of problem; more are told in one. */
const singlyMax = 3

/** A node that reports is late after this, ms, and after three times its own interval. */
const lateMs = 30_000

const ranks = { bad: 0, wait: 1, off: 2 } as const

/** Facts about the proxy beside its traffic. */
export interface ProxyFacts {
  readonly proxy: ApiProxy | undefined
  readonly certificates: readonly ApiCertificate[]
  readonly applications: readonly ApiApplication[]
}

export function problemsOf(
  view: ClusterView,
  { proxy, certificates, applications }: ProxyFacts,
  now: number,
): readonly Problem[] {
  const problems = [
    ...nodeProblems(view.nodes, now),
    ...errorProblems(view.nodes),
    ...contextProblems(view.nodes),
    ...retryProblems(view, applications),
    ...trafficProblems(view),
    ...proxyProblems(proxy),
    ...certificateProblems(certificates, now),
  ]
  return problems.sort((a, b) => ranks[a.tone] - ranks[b.tone])
}

/** Nodes whose state is not as anybody wants it, those with the same sentence together. */
function nodeProblems(nodes: readonly NodeView[], now: number): readonly Problem[] {
  const kinds = new Map<string, NodeView[]>()
  for (const node of nodes) {
    const { tone, word } = nodeState(node.fields)
    const { order, ejected, weight } = node.fields
    const isOrdered = order != null || ejected || weight !== 100
    const isTold = tone === 'bad' || word === 'unconfirmed' || isOrdered
    const kind = isTold ? word : isLate(node, now) ? 'late' : undefined
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), node])
  }
  return [...kinds].flatMap(([word, views]) =>
    views.length > singlyMax
      ? [together(word, views)]
      : views.map((view) => nodeProblem(view, now)),
  )
}

function isLate({ fields: { reportedAt }, reportEveryMs }: NodeView, now: number): boolean {
  return reportedAt != null && now - reportedAt > Math.max(lateMs, 3 * reportEveryMs)
}

function nodeProblem(view: NodeView, now: number): Problem {
  const { fields } = view
  const { route, reportedAt } = fields
  const { word, tone, sentence } = nodeState(fields)
  const key = `${word} ${route}`
  if (reportedAt != null && (word === 'silent' || isLate(view, now))) {
    const text = `Node ${route} has not reported for ${duration(now - reportedAt)}`
    return word === 'silent'
      ? { key, tone: 'bad', text: `${text}, and is on standby`, route }
      : { key: `late ${route}`, tone: 'wait', text, route }
  }
  const ordered = orderText(fields)
  if (tone !== 'bad' && ordered !== undefined)
    return {
      key: `${key} ${ordered}`,
      tone: 'off',
      text: `Node ${route} ${ordered} by order of an operator`,
      route,
    }
  return { key, tone: tone === 'bad' ? 'bad' : 'wait', text: `Node ${route} ${sentence}`, route }
}

function orderText({ order, ejected, weight }: ApiNode): string | undefined {
  if (ejected) return 'is ejected'
  if (order != null) return order === 'STOPPED' ? 'is stopped' : 'is disabled'
  return weight === 100 ? undefined : `has a weight of ${weight} %`
}

function together(word: string, views: readonly NodeView[]): Problem {
  const [first] = views
  const { tone } = nodeState((first as NodeView).fields)
  const names = listText(views.map(({ fields }) => fields.route))
  const text = `${counted(views.length, 'node')} ${views.length === 1 ? 'is' : 'are'} ${word}: ${names}`
  return { key: `${word} ${views.length}`, tone: tone === 'good' ? 'off' : tone, text }
}

function errorProblems(nodes: readonly NodeView[]): readonly Problem[] {
  return nodes.flatMap((view) => {
    const { route } = view.fields
    const { requests, failures, errors } = view.minute
    if (requests < enough) return []
    const problems: Problem[] = []
    if (failures / requests >= worthShare)
      problems.push({
        key: `failures ${route}`,
        tone: 'bad',
        text: `${percent(failures / requests)} of the requests to node ${route} failed in the last minute`,
        route,
      })
    if (errors / requests >= worthShare)
      problems.push({
        key: `errors ${route}`,
        tone: 'bad',
        text: `${percent(errors / requests)} of the responses of node ${route} were errors (5xx) in the last minute`,
        route,
      })
    return problems
  })
}

/** Paths that no node serves. */
function contextProblems(nodes: readonly NodeView[]): readonly Problem[] {
  const paths = new Map<string, { serves: boolean; sessions: boolean }>()
  for (const { fields } of nodes) {
    const isUsable = fields.health !== 'down' && fields.loadFactor !== -1
    for (const { path, status } of fields.contexts) {
      const state = paths.get(path) ?? { serves: false, sessions: false }
      if (isUsable && status === 'ENABLED') state.serves = true
      if (isUsable && status === 'DISABLED') state.sessions = true
      paths.set(path, state)
    }
  }
  const unserved = [...paths].filter(([, { serves }]) => !serves)
  return unserved.slice(0, singlyMax).map(([path, { sessions }]) => ({
    key: `context ${path} ${sessions}`,
    tone: 'bad',
    text: sessions
      ? `No node takes new sessions for ${path}: requests without one get 503`
      : `No node serves ${path}: requests get 503`,
    page: `explain?${new URLSearchParams({ url: path })}`,
  }))
}

/** By context where the proxy tells it, else of all requests. */
function retryProblems(
  { traffic, earlier }: ClusterView,
  applications: readonly ApiApplication[],
): readonly Problem[] {
  const requests = traffic.requests - earlier.requests
  const share = (traffic.retries - earlier.retries) / requests
  if (requests < enough || share < worthShare) return []
  const retried = applications
    .map(({ context, perSecond, retriedPerSecond }) => ({
      context,
      share: perSecond === 0 ? 0 : retriedPerSecond / perSecond,
    }))
    .filter((each) => each.share >= worthShare)
    .sort((a, b) => b.share - a.share)
  if (retried.length === 0)
    return [
      {
        key: 'retries',
        tone: 'wait',
        text: `${percent(share)} of the requests were retried in the last minute`,
        page: retriedPage,
      },
    ]
  return retried.slice(0, singlyMax).map(({ context, share: own }) => ({
    key: `retries ${context}`,
    tone: 'wait',
    text: `${percent(own)} of the requests to ${context} were retried in the last seconds`,
    page: `${retriedPage}&${new URLSearchParams({ path: context })}`,
  }))
}

const retriedPage = 'tail?follow=yes&retried=yes'

function trafficProblems({ traffic, earlier }: ClusterView): readonly Problem[] {
  const problems: Problem[] = []
  for (const [code, count] of Object.entries(traffic.refusedFor)) {
    const grown = count - (earlier.refusedFor[code] ?? 0)
    const text = refusals[code]
    if (grown > 0 && text !== undefined)
      problems.push({
        key: `refused ${code}`,
        tone: 'bad',
        text: `${counted(grown, 'request')} got ${text} in the last minute`,
        page: 'tail?follow=yes&status=5xx',
      })
  }
  for (const [name, text] of counters) {
    const grown = traffic[name] - earlier[name]
    if (grown > 0) problems.push({ key: name, tone: 'bad', text: text(grown) })
  }
  return problems
}

/** Answers of the proxy itself that are no mistake of the client. */
const refusals: Readonly<Partial<Record<string, string>>> = {
  NO_NODE: '503, because no node was usable,',
  QUEUE_FULL: '503, because all nodes and their queues were full,',
  QUEUE_TIMEOUT: '503, because they waited too long in a queue,',
  PROXY_FULL: '503, because the proxy was full,',
  UPLOADS_FULL: '503, because too many uploads were under way,',
  NODE_FAILED: '502, because a node failed,',
  NODE_MALFORMED: '502, because a node answered with invalid HTTP,',
  NODE_TIMEOUT: '504, because a node did not answer in time,',
}

const counters = [
  ['cut', (n: number) => `${counted(n, 'response')} cut short by nodes in the last minute`],
  [
    'shortages',
    (n: number) =>
      `The proxy ran out of connections for ${counted(n, 'request')} in the last minute`,
  ],
  [
    'faults',
    (n: number) => `${counted(n, 'connection')} cut by a fault in Topspin in the last minute`,
  ],
  ['logLinesDropped', (n: number) => `${counted(n, 'log line')} dropped in the last minute`],
] as const

function proxyProblems(proxy: ApiProxy | undefined): readonly Problem[] {
  if (proxy === undefined) return []
  const { draining, state } = proxy
  const problems: Problem[] = []
  if (draining)
    problems.push({ key: 'draining', tone: 'wait', text: 'The proxy drains: it ends soon' })
  if (state !== null && state.reason !== null)
    problems.push({
      key: 'state',
      tone: 'bad',
      text: `The state file ${state.file} is not up to date: ${state.reason}`,
    })
  return problems
}

function certificateProblems(
  certificates: readonly ApiCertificate[],
  now: number,
): readonly Problem[] {
  return certificates.flatMap((certificate): Problem[] => {
    const { names, notAfter, renewal } = certificate
    const name = listText(names, 2)
    const page = 'proxy'
    if (renewal !== null && renewal.error !== null)
      return [
        {
          key: `renewal ${name}`,
          tone: 'bad',
          text: `The certificate for ${name} was not renewed: ${renewal.error}`,
          page,
        },
      ]
    if (notAfter === null || !expiresSoon(certificate, now)) return []
    const left = Date.parse(notAfter) - now
    return [
      {
        key: `certificate ${name}`,
        tone: left <= 0 ? 'bad' : 'wait',
        text:
          left <= 0
            ? `The certificate for ${name} has expired`
            : `The certificate for ${name} expires in ${duration(left)}`,
        page,
      },
    ]
  })
}
