// The shared secret of the control listener from the environment: TOPSPIN_SECRET, or the file TOPSPIN_SECRET_FILE, which
// the process list does not show to other users. Used by `topspin/auto` and by the commands.

import { readFileSync } from 'node:fs'
import { isSecret, secretForm } from '../wire/authorization.ts'

export type SecretResult =
  | { readonly ok: true; readonly secret: string | undefined }
  | { readonly ok: false; readonly problem: string }

/** The file has precedence over the value. A problem never contains the secret. */
export function environmentSecret(
  environment: Readonly<Record<string, string | undefined>>,
): SecretResult {
  const file = environment['TOPSPIN_SECRET_FILE'] ?? ''
  if (file !== '') return fileSecret(file, 'TOPSPIN_SECRET_FILE')
  const secret = environment['TOPSPIN_SECRET'] ?? ''
  if (secret === '') return { ok: true, secret: undefined }
  if (isSecret(secret)) return { ok: true, secret }
  return { ok: false, problem: `TOPSPIN_SECRET is not a valid secret; ${secretForm}` }
}

/** The content of a file, without the line break at its end. @param setting the setting with the file's name, for the problem. */
export function fileSecret(file: string, setting: string): SecretResult {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { ok: false, problem: `${setting}: ${(error as Error).message}` }
  }
  const secret = text.replace(/\r?\n$/, '')
  if (isSecret(secret)) return { ok: true, secret }
  return {
    ok: false,
    problem: `${setting}: ${file} does not contain a valid secret; ${secretForm}`,
  }
}
