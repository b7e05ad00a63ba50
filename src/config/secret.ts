// The shared secret of the control listener: what `topspin serve` asks for, and what the commands show.

import { environmentSecret, fileSecret, type SecretResult } from '../agent/secret.ts'
import { TopspinError } from '../base/errors.ts'
import type { Config } from './schema.ts'

/** '' when none is asked for. @throws TopspinError BAD_SECRET when its file cannot be read or holds none. */
export function controlSecret({ secret, secretFile }: Config['control']): string {
  if (secretFile === undefined) return secret ?? ''
  const read = fileSecret(secretFile, 'control.secretFile')
  if (read.ok) return read.secret ?? ''
  throw new TopspinError('BAD_SECRET', read.problem, { side: 'proxy', phase: 'control' })
}

/** From the file of the flag, else from the environment. */
export const shownSecret = (file: string | undefined): SecretResult =>
  file === undefined ? environmentSecret(process.env) : fileSecret(file, '--secret-file')
