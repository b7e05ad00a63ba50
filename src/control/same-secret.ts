// Whether what somebody showed is what was agreed upon, in a time that says nothing about where it differs.
// Used for the shared secret and for the token of the manager page.

import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export const sameSecret = (shown: string, agreed: string): boolean =>
  timingSafeEqual(digest(shown), digest(agreed))
