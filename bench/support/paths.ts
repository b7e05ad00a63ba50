// Where the sources of the bench are, seen from the compiled files.

import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))
/** Programs and scripts that are not compiled. */
export const sources: string = fileURLToPath(new URL('../../../bench/', import.meta.url))
