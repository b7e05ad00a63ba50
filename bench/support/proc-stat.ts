// What /proc/PID/stat tells of a process.

export interface Stat {
  readonly group: number
  readonly ticks: number
  readonly pages: number
}

/** Fields of proc_pid_stat(5): 5 pgrp, 14 utime, 15 stime, 16 cutime, 17 cstime, 24 rss. */
export function parseStat(text: string): Stat {
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  return {
    group: field(5),
    ticks: field(14) + field(15) + field(16) + field(17),
    pages: field(24),
  }
}
