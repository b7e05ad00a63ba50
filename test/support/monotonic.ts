// The machine's monotonic clock, the same in all its processes, so that times can be compared between them.

export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
