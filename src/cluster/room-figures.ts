// What a `Room` has learnt, as plain numbers for pages and metrics: of this process, or of the processes that carry the
// traffic for it.

import type { Room } from './room.ts'

export interface RoomFigures {
  /** Requests in hand, without the long ones. */
  readonly inHand: number
  /** Requests that were upgraded or turned out to be long, and are not over. */
  readonly long: number
  /** What a request takes while there is room, ms; 0 while nothing is known. */
  readonly ms: number
  /** How many requests the node works on at once. */
  readonly knee: number
  /** Answers that `ms` rests on, at most about 50. */
  readonly answers: number
}

export function figuresOfRoom(room: Room, now: number): RoomFigures {
  const { inHand, long, knee, answers } = room
  return { inHand, long, ms: room.ms(now), knee, answers }
}

/** The rooms of one node. */
interface Rooms {
  readonly room: Room
  /** The sum over the processes that carry the traffic; `undefined` where this process does. */
  readonly workersRoom: RoomFigures | undefined
}

/** @param now monotonic ms. */
export const roomFigures = ({ room, workersRoom }: Rooms, now: number): RoomFigures =>
  workersRoom ?? figuresOfRoom(room, now)

/** Requests are added up; `ms` and `knee` are means, in which a process counts by its answers. */
export function sumOfRooms(rooms: readonly RoomFigures[]): RoomFigures {
  const total = (read: (room: RoomFigures) => number): number =>
    rooms.reduce((sum, room) => sum + read(room), 0)
  const answers = total((room) => room.answers)
  const mean = (read: (room: RoomFigures) => number): number =>
    total((room) => read(room) * room.answers) / answers
  return {
    inHand: total(({ inHand }) => inHand),
    long: total(({ long }) => long),
    ms: answers === 0 ? 0 : mean(({ ms }) => ms),
    knee: answers === 0 ? 1 : mean(({ knee }) => knee),
    answers,
  }
}
