// The secret that all peers share, as flags and variables give it. TOPSPIN_KEY and the agent's --key name the file of
// a private key, so a file name in place of the secret is a likely mistake.

import { statSync } from 'node:fs'
import type { EnvironmentReader } from '../base/environment.ts'

/** TOPSPIN_PEER_KEY, or under its former name TOPSPIN_KEY. */
export function readPeerKey(variables: EnvironmentReader): string | undefined {
  const name = variables.renamed('PEER_KEY', 'KEY')
  const key = variables.text(name)
  const problem = key === undefined ? undefined : peerKeyProblem(key)
  if (problem !== undefined) variables.problems.push(`TOPSPIN_${name} ${problem}`)
  return key
}

/** The problem of the value; undefined if it can be a secret. The text does not contain the value. */
export function peerKeyProblem(
  value: string,
  isFile: (name: string) => boolean = fileExists,
): string | undefined {
  if (!paths.some((path) => path.test(value)) && !isFile(value)) return undefined
  return 'looks like the name of a file; write the secret itself, which is the same for all peers'
}

/** Forms that no base64 text has, which may begin with a slash too. */
const paths: readonly RegExp[] = [
  /^(\.{1,2}|~|[A-Za-z]:)[\\/]/,
  /^\/[a-z\d._-]+(\/[a-z\d._-]+)+$/,
  /\.(pem|key|crt|cer|der|txt)$/i,
]

function fileExists(name: string): boolean {
  try {
    return statSync(name).isFile()
  } catch {
    return false
  }
}
