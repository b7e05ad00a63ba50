// `off`: nobody is left, so a peer serves the request itself and hands nothing over; the proxy answers 503.

import { type Candidate, type Kind, plainKind } from './candidacy.ts'

const nobody: readonly Candidate[] = []

export const off: Kind = plainKind('off', () => nobody, { aliases: ['backhand_off'], isOff: true })
