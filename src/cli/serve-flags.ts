// The flags of `topspin serve` that stand for keys of the configuration. Read by serve.ts, and by
// scripts/configuration-page.js for the reference page.

/** The key that each flag sets. */
export const keyOfFlag = {
  listen: 'listen',
  control: 'control.listen',
  console: 'control.console',
  to: 'to',
  workers: 'workers',
  state: 'state',
  advertise: 'advertise.group',
} as const
