// What is said when the limit of open files does not even suffice for the start, in which all modules are read at once.

/** @returns the message; `undefined` for any other error. The limit itself cannot be read: that would take a file. */
export function tooFewFiles(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENFILE') return 'this machine has too many open files: raise fs.file-max'
  if (code !== 'EMFILE') return undefined
  return 'the limit of open files is too low to start: raise it to 1024 or more (ulimit -n, LimitNOFILE of systemd)'
}
