// TOPSPIN_... variables as options for joinCluster, for `node --import topspin/auto`, by the table of the options
// (option-table.ts). Pure, except that it reads the file of the secret.

import { type Environment, EnvironmentReader, present } from '../base/environment.ts'
import { stderrLogAt } from '../base/stderr-log.ts'
import type { JoinOptions } from './join-cluster.ts'
import { sidecarVariables } from './option-table.ts'
import { environmentSecret } from './secret.ts'
import { textOptions } from './text-options.ts'
import type { TlsFiles } from './tls-files.ts'

type AutoSettings =
  /** No variable names a cluster; the hints name misspelt variables. */
  | { readonly kind: 'off'; readonly hints: readonly string[] }
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | {
      readonly kind: 'join'
      readonly options: JoinOptions
      /** Port of the server to register, TOPSPIN_PORT; undefined: the first that listens. */
      readonly port: number | undefined
      /** For proxies over TLS. */
      readonly tlsFiles?: TlsFiles
    }

export function autoSettings(environment: Environment): AutoSettings {
  const variables = new EnvironmentReader(environment)
  const { options, tlsFiles, level } = textOptions('server', variables)
  const port = variables.number('PORT', 1, 65_535, 'a port from 1 to 65535')
  variables.expect(...sidecarVariables)
  const { problems, hints } = variables
  const { advertise, agentCheck } = options
  const isAsked = [variables.text('PROXIES'), advertise, agentCheck].some(
    (each) => each !== undefined,
  )
  if (!isAsked) return { kind: 'off', hints }
  const secret = environmentSecret(environment)
  if (!secret.ok) problems.push(secret.problem)
  if (problems.length + hints.length > 0) return { kind: 'bad', problems: [...problems, ...hints] }
  return {
    kind: 'join',
    options: present({
      signals: true,
      log: stderrLogAt(level),
      ...options,
      secret: secret.ok ? secret.secret : undefined,
    }),
    port,
    ...(Object.keys(tlsFiles).length === 0 ? {} : { tlsFiles }),
  }
}
