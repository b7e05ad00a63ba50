// What a valid configuration needs of this machine, apart from addresses and certificates: files that can be read and
// written. Checked by `topspin check`, and by `topspin serve` at the start.

import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { controlSecret, controlTokens } from './secret.ts'

export function startProblems(config: Config): readonly ConfigProblem[] {
  const { accessLog, state, control } = config
  const problems: ConfigProblem[] = []
  const add = (path: string, message: string | undefined): void => {
    if (message !== undefined) problems.push({ place: 'configuration', path, message })
  }
  const { to } = accessLog
  if (to !== 'off' && to !== 'stdout') add('accessLog.to', writeProblem(to))
  // The state is written to a new file beside it, which then takes its name.
  if (state !== undefined) add('state', writeProblem(state) ?? folderProblem(dirname(state)))
  const { storage, eab } = config.acme
  if (storage !== undefined)
    add('acme.storage', folderProblem(existsSync(storage) ? storage : dirname(resolve(storage))))
  if (eab.hmacFile !== undefined) add('acme.eab.hmacFile', readProblem(eab.hmacFile))
  for (const [key, name] of Object.entries({ creds: config.cluster.creds, ...tlsOf(config) }))
    if (name !== undefined) add(`cluster.${key}`, readProblem(name))
  for (const [index, { source }] of config.to.entries())
    for (const [key, name] of Object.entries(source ?? {}))
      if (key === 'ca' || key === 'tokenFile')
        add(`to[${index}].${source?.kind}.${key}`, name && readProblem(name))
  add('control.secretFile', secretProblem(control))
  return problems
}

const tlsOf = ({ cluster: { tls } }: Config): Readonly<Record<string, string | undefined>> => ({
  'tls.ca': tls.ca,
  'tls.cert': tls.cert,
  'tls.key': tls.key,
})

function secretProblem(control: Config['control']): string | undefined {
  try {
    controlSecret(control)
    controlTokens(control)
    return undefined
  } catch (error) {
    return (error as Error).message.replace(/^control\.secretFile: /, '')
  }
}

const writeProblem = (file: string): string | undefined =>
  statProblem(file, 'cannot be written', (stats) => {
    if (stats === undefined) return folderProblem(dirname(file))
    if (stats.isDirectory()) return `${file} is a folder; write the name of a file`
    return accessProblem(file, 'cannot be written')
  })

const folderProblem = (folder: string): string | undefined =>
  statProblem(folder, 'cannot be written to', (stats) => {
    if (stats === undefined) return `the folder ${folder} does not exist`
    if (!stats.isDirectory()) return `${folder} is not a folder`
    return accessProblem(folder, 'cannot be written to')
  })

/** @param judge gets `undefined` when there is nothing. Not called for a path that cannot be followed: a loop, no permission. */
function statProblem(
  path: string,
  what: string,
  judge: (stats: Stats | undefined) => string | undefined,
): string | undefined {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return `${path} ${what}: ${(error as Error).message}`
  }
  return judge(stats)
}

const readProblem = (file: string): string | undefined =>
  accessProblem(file, 'cannot be read', constants.R_OK)

function accessProblem(path: string, what: string, mode = constants.W_OK): string | undefined {
  try {
    accessSync(path, mode)
    return undefined
  } catch (error) {
    return `${path} ${what}: ${(error as Error).message}`
  }
}
