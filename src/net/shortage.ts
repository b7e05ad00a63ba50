// System errors that are caused by this process or this machine and not by the remote side: no
// free local port, descriptor, buffer or memory, a local rule against the connection, or a resolver that is out of order.

const shortages: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EACCES',
  'EPERM',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EAI_CANCELED',
])

/**
 * Those that concern one remote side alone: the local ports towards it, a rule against it, the mode of its socket file, the
 * look-up of its name.
 */
const shortagesOfOne: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EAI_AGAIN',
  'EAI_FAIL',
])

/** Of an error for several addresses, whether each of them failed so. */
export const isShortage = (error: NodeJS.ErrnoException | undefined): boolean =>
  eachIn(shortages, error)

/** Whether a connection to another remote side may succeed. */
export const isShortageOfOne = (error: NodeJS.ErrnoException | undefined): boolean =>
  eachIn(shortagesOfOne, error)

/**
 * A server listens on this unix socket, and its queue of connections is full. Over TCP such a connection is only late.
 */
export const isQueueFull = (error: NodeJS.ErrnoException | undefined): boolean =>
  error?.code === 'EAGAIN' && error.syscall === 'connect'

function eachIn(codes: ReadonlySet<string>, error: NodeJS.ErrnoException | undefined): boolean {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.every((each) => eachIn(codes, each))
  return error?.code !== undefined && codes.has(error.code)
}
