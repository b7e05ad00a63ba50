// What keeps a valid configuration, or files that were read again, from replacing those in force. Used by
// running-services.ts.

import { systemClock } from '../base/clock.ts'
import { changedKeys } from '../config/keys.ts'
import type { ConfigProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { isSecureXds } from '../config/schema-engines.ts'
import { controlSecret, controlTokens } from '../config/secret.ts'
import { readTls, type TlsMaterial } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { dateProblem } from '../net/certificate-check.ts'
import { loadPolicies } from '../proxy/index.ts'
import { type Present, workersOf } from './service-options.ts'
import { tryFile } from './write-target.ts'

/** The changed keys that need a restart: the shared registry, other proxies, and whether this process serves traffic. */
export function keysForRestart(present: Config, next: Config): readonly string[] {
  const isInProcess = (config: Config): boolean => workersOf(config) === 0
  const keys = isInProcess(next) === isInProcess(present) ? [] : ['workers', 'control.traffic']
  const isSameForm = isSecureXds(next.xds) === isSecureXds(present.xds)
  return changedKeys(present, next).filter(
    (key) =>
      keys.includes(key) ||
      (/^(?:cluster|haproxy|xds)\./.test(key) && !(isSameForm && key.startsWith('xds.tls.'))),
  )
}

export type WouldBeEmpty = (to: Config['to']) => Promise<boolean>

/**
 * Why a configuration would serve nobody, where the one in force does.
 * @param wouldBeEmpty whether these fixed nodes, in place of the present ones, leave no node that serves requests.
 */
export async function outagesOf(
  present: Config,
  next: Config,
  wouldBeEmpty: WouldBeEmpty,
): Promise<readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = []
  const refuse = (path: string, message: string): void =>
    void problems.push({
      place: 'configuration',
      path,
      message: `${message}: restart to do that`,
    })
  if (await wouldBeEmpty(next.to)) refuse('to', 'leaves no node that serves requests')
  if (present.listen.length > 0 && next.listen.length === 0)
    refuse('listen', 'closes all addresses for clients')
  return problems
}

export async function reloadProblems(
  present: Pick<Present, 'config' | 'tls'>,
  next: Config,
  tls: TlsMaterial,
  wouldBeEmpty: WouldBeEmpty,
): Promise<readonly ConfigProblem[]> {
  const problems = [
    ...outdated(present.tls, tls),
    ...(await outagesOf(present.config, next, wouldBeEmpty)),
  ]
  const refuse = (path: string, message: string): void =>
    void problems.push({ place: 'configuration', path, message })
  const failed =
    (path: string) =>
    ({ message }: Error): void =>
      refuse(path, message)
  await loadPolicies(cascadesIn(next)).catch(failed(''))
  if (next.accessLog.to !== present.config.accessLog.to)
    await tryFile(next.accessLog.to).catch(failed('accessLog.to'))
  try {
    controlSecret(next.control)
    controlTokens(next.control)
  } catch (error) {
    refuse('control', (error as Error).message)
  }
  return problems
}

type TlsRead =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** The files that the configuration in force names, as they are now. */
export async function readTlsAgain({
  config,
  tls,
}: Pick<Present, 'config' | 'tls'>): Promise<TlsRead> {
  const read = await readTls(config)
  if (!read.ok) return read
  const problems = outdated(tls, read.material)
  return problems.length === 0 ? read : { ok: false, problems }
}

/** The certificates that clients would refuse by their dates, unless those in force are no better. */
function outdated(inForce: TlsMaterial, { certificates }: TlsMaterial): ConfigProblem[] {
  const now = systemClock.wall()
  const present = new Map(inForce.certificates.map(({ path, cert }) => [path, cert]))
  return certificates.flatMap(({ path, cert }) => {
    const message = dateProblem(cert, now)
    const before = present.get(path)
    if (message === undefined || (before !== undefined && dateProblem(before, now))) return []
    return [{ place: 'configuration', path, message }]
  })
}

/** The files that have changed, by the words of the log for their use. */
export function filesByUse(
  files: readonly string[],
  { ruleFiles }: TlsMaterial,
): readonly (readonly [use: string, files: readonly string[]])[] {
  const isOfRule = (file: string): boolean => Object.hasOwn(ruleFiles, file)
  return [
    ['certificates', files.filter((file) => !isOfRule(file))] as const,
    ['files of rules', files.filter(isOfRule)] as const,
  ].filter(([, names]) => names.length > 0)
}
