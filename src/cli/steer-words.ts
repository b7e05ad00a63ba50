// The commands that send one message about a node: their names.

export const steerWords = ['enable', 'disable', 'stop', 'remove'] as const

export type SteerWord = (typeof steerWords)[number]
