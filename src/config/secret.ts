// The shared secret of the control listener: the one that `topspin serve` requires, and the one that commands send.

import { environmentSecret, fileSecret, type SecretResult } from '../agent/secret.ts'
import { TopspinError } from '../base/errors.ts'
import type { Config } from './schema.ts'
import type { TokenEntry } from './schema-tokens.ts'

/** An entry of `control.tokens` with its token. */
type AccessToken = Omit<TokenEntry, 'file'>

/** '' for none. @throws TopspinError BAD_SECRET when its file cannot be read or contains no secret. */
export function controlSecret({ secret, secretFile }: Config['control']): string {
  if (secretFile === undefined) return secret ?? ''
  const read = fileSecret(secretFile, 'control.secretFile')
  if (read.ok) return read.secret ?? ''
  throw new TopspinError('BAD_SECRET', read.problem, { side: 'proxy', phase: 'control' })
}

/** With the tokens that files contain. @throws TopspinError BAD_SECRET when one cannot be read or contains no token. */
export function controlTokens({ tokens }: Config['control']): readonly AccessToken[] {
  return tokens.map(({ file, ...entry }) => {
    if (file === undefined) return entry
    const read = fileSecret(file, `control.tokens, ${entry.name}`)
    if (read.ok && read.secret !== undefined) return { ...entry, token: read.secret }
    const problem = read.ok ? `${file} contains no token` : read.problem
    throw new TopspinError('BAD_SECRET', problem, { side: 'proxy', phase: 'control' })
  })
}

/** The secret that a command sends: from the file of --secret-file, else from the environment. */
export const commandSecret = (file: string | undefined): SecretResult =>
  file === undefined ? environmentSecret(process.env) : fileSecret(file, '--secret-file')
