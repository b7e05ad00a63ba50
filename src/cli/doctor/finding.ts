// One thing that the doctor looked at.

export interface Finding {
  /** `fail`: this is why nodes and proxies do not find each other; `warn`: it may be. */
  readonly result: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly seen: string
  /** What to do about it; '' when nothing. */
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
