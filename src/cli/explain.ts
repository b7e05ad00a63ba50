// `topspin explain URL`: which node a request would go to now, and what each candidacy function made of the
// list on the way there.

import type { CandidateFacts, RequestExplanation, StepFacts } from '../forward/index.ts'
import type { ExplainOptions } from './program.ts'
import { withRemote } from './remote.ts'
import { alignTable } from './table.ts'

export const showExplanation = (url: string, options: ExplainOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const { cookie, client } = options
    const text = await remote.page(`/api/explain?${new URLSearchParams({ url, cookie, client })}`)
    if (options.json) process.stdout.write(text)
    else process.stdout.write(explanationText(url, JSON.parse(text) as RequestExplanation))
  })

function explanationText(url: string, explanation: RequestExplanation): string {
  const { refusal, context, session, candidates, steps, node, why } = explanation
  const outcome =
    node === null ? `answered by the proxy itself: ${refusal}, ${why}` : `goes to ${node}: ${why}`
  if (context === null) return `${url} is ${outcome}\n`
  return [
    `${url} ${node === null ? 'is ' : ''}${outcome}`,
    `context ${context.path} of balancer ${context.balancer}; ${sessionText(session)}`,
    '',
    ...candidatesTable(candidates),
    '',
    ...stepsTable(steps),
    '',
  ].join('\n')
}

const candidatesTable = (candidates: readonly CandidateFacts[]): string[] =>
  alignTable(
    [
      { title: 'CANDIDATE' },
      { title: 'CONTEXT' },
      { title: 'HEALTH' },
      { title: 'LOAD FACTOR', align: 'right' },
      { title: 'IN FLIGHT', align: 'right' },
    ],
    candidates.map(({ node, status, health, loadFactor, inFlight }) => [
      node,
      status,
      health,
      loadFactor === null ? '-' : String(loadFactor),
      String(inFlight),
    ]),
  )

const stepsTable = (steps: readonly StepFacts[]): string[] =>
  alignTable(
    [{ title: 'FUNCTION' }, { title: 'BEFORE' }, { title: 'AFTER' }, { title: 'FIGURES' }],
    steps.map((step) => [
      step.failure === null ? step.name : `${step.name} (failed: ${step.failure})`,
      list(step.before),
      list(step.after),
      step.figures.map(([name, figure]) => `${name} ${Number(figure.toFixed(3))}`).join(', '),
    ]),
  )

const list = (names: readonly string[]): string => (names.length === 0 ? '-' : names.join(' '))

function sessionText({ present, route, domain }: RequestExplanation['session']): string {
  if (!present) return 'no session'
  if (route === null) return 'a session of no registered node'
  return domain === '' ? `a session of ${route}` : `a session of ${route} in domain ${domain}`
}
