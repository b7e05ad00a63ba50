// The shared secret of the control listener as the environment names it: TOPSPIN_SECRET itself, or
// TOPSPIN_SECRET_FILE, which other users of the machine cannot read from the process list. Called by the
// door `topspin/auto` and by the commands.

import { readFileSync } from 'node:fs'
import { isSecret, secretForm } from '../wire/authorization.ts'

export type SecretResult =
  | { readonly ok: true; readonly secret: string | undefined }
  | { readonly ok: false; readonly problem: string }

/** The file outranks the value. What is wrong is told without the secret itself. */
export function environmentSecret(
  environment: Readonly<Record<string, string | undefined>>,
): SecretResult {
  const file = environment['TOPSPIN_SECRET_FILE'] ?? ''
  if (file !== '') return fileSecret(file, 'TOPSPIN_SECRET_FILE')
  const secret = environment['TOPSPIN_SECRET'] ?? ''
  if (secret === '') return { ok: true, secret: undefined }
  if (isSecret(secret)) return { ok: true, secret }
  return { ok: false, problem: `TOPSPIN_SECRET: not a secret; ${secretForm}` }
}

/** The first line of a file. @param place who names the file, for the problem. */
export function fileSecret(file: string, place: string): SecretResult {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { ok: false, problem: `${place}: ${(error as Error).message}` }
  }
  const secret = text.replace(/\r?\n$/, '')
  if (isSecret(secret)) return { ok: true, secret }
  return { ok: false, problem: `${place}: ${file} holds no secret; ${secretForm}` }
}
