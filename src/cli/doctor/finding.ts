// One result of `topspin doctor`.

export interface Finding {
  /** `fail`: a reason why nodes and proxies do not find each other; `warn`: a possible reason. */
  readonly result: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly seen: string
  /** The remedy; '' if none is needed. */
  readonly advice: string
}

export const ok = (what: string, seen: string): Finding => ({
  result: 'ok',
  what,
  seen,
  advice: '',
})

export const warn = (what: string, seen: string, advice: string): Finding => ({
  result: 'warn',
  what,
  seen,
  advice,
})

export const fail = (what: string, seen: string, advice: string): Finding => ({
  result: 'fail',
  what,
  seen,
  advice,
})
