// Tells the problems of a configuration on standard error, one line each and the count.

import { formatProblem, type Problem } from '../config/config.ts'

export function tellProblems(problems: readonly Problem[]): void {
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  process.stderr.write(`${lines.join('')}topspin: ${count} in the configuration\n`)
}
