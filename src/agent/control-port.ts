// Where a proxy is taken to listen when only its host is known.

/** MCMP's customary port. */
export const controlPort = 6666
