// The answer to where a request would go, from all processes that serve traffic: each chooses by its own counts. Pure.

import type { RequestExplanation } from '../forward/index.ts'

export interface Explanation extends RequestExplanation {
  /** What each process would do now; the first one's reasons are those of the explanation. */
  readonly processes: readonly ProcessAnswer[]
  /** Whether they agree, one sentence; '' where there is one process. */
  readonly agreement: string
}

interface ProcessAnswer {
  readonly pid: number | null
  readonly node: string | null
  readonly refusal: string | null
}

/** @returns undefined without an answer. */
export function explanationOf(
  answers: readonly { readonly pid: number | null; readonly explanation: RequestExplanation }[],
): Explanation | undefined {
  const [first] = answers
  if (first === undefined) return undefined
  const processes = answers.map(({ pid, explanation: { node, refusal } }) => ({
    pid,
    node,
    refusal,
  }))
  return { ...first.explanation, processes, agreement: agreementOf(processes) }
}

/** The answer of a program that embeds one proxy is that of its process. */
export const wholeExplanation = (answer: Explanation | RequestExplanation): Explanation =>
  'processes' in answer
    ? answer
    : (explanationOf([{ pid: process.pid, explanation: answer }]) as Explanation)

function agreementOf(processes: readonly ProcessAnswer[]): string {
  const { length } = processes
  if (length < 2) return ''
  const times = new Map<string, number>()
  for (const { node, refusal } of processes) {
    const outcome = node ?? refusal ?? 'a wait'
    times.set(outcome, (times.get(outcome) ?? 0) + 1)
  }
  if (times.size === 1)
    return `${length === 2 ? 'both' : `all ${length}`} traffic processes would do the same`
  const shares = [...times].map(([outcome, count]) => `${count} of ${length}: ${outcome}`)
  return `the traffic processes differ, since each goes by its own counts (${shares.join(', ')}); the reasons are those of one of them`
}
