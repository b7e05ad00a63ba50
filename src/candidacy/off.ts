// `off`: no candidate is left. A peer serves every request itself; the proxy answers 503.

import { type Candidate, type Kind, plainKind } from './candidacy.ts'

const nobody: readonly Candidate[] = []

export const off: Kind = plainKind('off', () => nobody, { aliases: ['backhand_off'], isOff: true })
