// The figures of a `Room` as plain numbers, for pages and metrics: those of this process, or the sum over the worker
// processes.

import type { Room } from './room.ts'

export interface RoomFigures {
  /** Requests in hand, without the long ones. */
  readonly inHand: number
  /** Unfinished requests that were upgraded or classified as long. */
  readonly long: number
  /** Service time of a request below the knee, ms; 0 before the first response. */
  readonly ms: number
  /** Requests that the node processes concurrently; more of them queue. */
  readonly knee: number
  /** Weighted number of responses behind `ms`, at most about 50. */
  readonly answers: number
}

export function figuresOfRoom(room: Room, now: number): RoomFigures {
  const { inHand, long, knee, answers } = room
  return { inHand, long, ms: room.ms(now), knee, answers }
}

/** The figures of one node, from either source. */
interface Rooms {
  readonly room: Room
  /** The sum over the worker processes; `undefined` where this process forwards the traffic. */
  readonly workersRoom: RoomFigures | undefined
}

/** @param now monotonic ms. */
export const roomFigures = ({ room, workersRoom }: Rooms, now: number): RoomFigures =>
  workersRoom ?? figuresOfRoom(room, now)

/** The sum over processes: requests are added; `ms` and `knee` are means, weighted by the responses of each process. */
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
