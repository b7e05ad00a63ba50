// System errors that are caused by this process or this machine and not by the remote side: no
// free local port, descriptor, buffer or memory, or a local rule against the connection.

const shortages: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EACCES',
  'EPERM',
])

/** Of an error for several addresses, whether each of them failed so. */
export function isShortage(error: NodeJS.ErrnoException | undefined): boolean {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every(isShortage)
  return error?.code !== undefined && shortages.has(error.code)
}
