// A problem of the configuration, and how it is written for people. Pure.

export interface ConfigProblem {
  /** Where the value comes from: `topspin.yaml:3:11`, `TOPSPIN_LISTEN` or `--listen`. */
  readonly place: string
  /** The key, as `listen[0]`; '' for the file as a whole, and where the place names the key already. */
  readonly path: string
  readonly message: string
}

export function formatProblem({ place, path, message }: ConfigProblem): string {
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`
}

/** One line for each problem, and their number. */
export function problemsText(problems: readonly ConfigProblem[]): string {
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return `${lines.join('')}topspin: ${count} in the configuration\n`
}
