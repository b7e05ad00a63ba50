// The last stage of a Dockerfile, as far as a test without a container engine can follow it.

export interface ImageStage {
  /** Sources and targets of `COPY --from`. */
  readonly copies: readonly (readonly [string, string])[]
  /** Targets and names of symbolic links. */
  readonly links: readonly (readonly [string, string])[]
  readonly user: string
  readonly workdir: string
  readonly stopSignal: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}

/** @throws Error for an instruction that it does not follow. */
export function lastStage(text: string): ImageStage {
  const instructions = text
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) ?? [])
  const start = instructions.findLastIndex(([name]) => name === 'FROM')
  const copies: [string, string][] = []
  const links: [string, string][] = []
  const last = new Map<string, string>()
  for (const [name = '', rest = ''] of instructions.slice(start + 1)) {
    const [, from, to] =
      /^--from=\w+ (\S+) (\S+)$/.exec(rest) ?? /^ln -s (\S+) (\S+)$/.exec(rest) ?? []
    if (name === 'COPY' && from && to) copies.push([from, to])
    else if (name === 'RUN' && from && to) links.push([from, to])
    else if (name === 'COPY' || name === 'RUN') throw new Error(`not followed: ${name} ${rest}`)
    else last.set(name, rest)
  }
  const words = (name: string): string[] =>
    JSON.parse(/\[.*\]$/.exec(last.get(name) ?? '')?.[0] ?? '[]')
  return {
    copies,
    links,
    user: last.get('USER') ?? '0:0',
    workdir: last.get('WORKDIR') ?? '/',
    stopSignal: last.get('STOPSIGNAL') ?? 'SIGTERM',
    entrypoint: words('ENTRYPOINT'),
    command: words('CMD'),
    healthcheck: words('HEALTHCHECK'),
  }
}
