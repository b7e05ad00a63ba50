/** `1 node`, `2 nodes`. @param noun one whose plural ends in s. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`
