// The 31 scenarios by which rules are judged, and two on which no constant was chosen.

import type { Incident, RequestClass, Scenario, ServerGiven } from './scenario.ts'

/** Workers that a queue feeds, as a pool of connections to a database does. */
const pool = (workers: number, speed: number = 1): ServerGiven => ({ workers, speed, queues: true })
/** One request after the other, as an event loop that computes. */
const loop = (speed: number = 1): ServerGiven => pool(1, speed)
/** Processes or threads that share so many cores. */
const cores = (workers: number, speed: number = 1): ServerGiven => ({
  workers,
  speed,
  queues: false,
})

/** Of many machines one in four is faster and one slower. */
const mixedSpeeds = [1.6, 0.6, 1, 1]
const mixed = (index: number): ServerGiven => cores(4, mixedSpeeds[index % 4]!)

const lastSlow =
  (count: number, slow: number, make: (speed: number) => ServerGiven) =>
  (index: number): ServerGiven =>
    make(index === count - 1 ? slow : 1)
const pool4 = (speed: number): ServerGiven => pool(4, speed)

/** A server fails for about a third of the time. */
const failing =
  (server: number, share: number) =>
  (durationMs: number): readonly Incident[] => [
    { at: 0.4 * durationMs, server, fails: share },
    { at: 0.75 * durationMs, server, fails: 0 },
  ]

/** A server leaves, and is back after two seconds, slow for a while. */
const restart = (
  at: number,
  server: number,
  cold: number,
  warmAfterMs: number,
): readonly Incident[] => [
  { at, server, joins: false },
  { at: at + 2_000, server, joins: true, cold },
  { at: at + warmAfterMs, server, cold: 1 },
]

const longPolls = (workMs: number, share: number, pollMs: number): readonly RequestClass[] => [
  { share: 1 - share, workMs },
  { share, workMs: pollMs, idle: true },
]

const surge =
  (factor: number) =>
  (time: number): number =>
    time > 0.5 && time < 0.6 ? factor : 1

export const scenarios: readonly Scenario[] = [
  {
    name: 'a1 pools, one at a quarter, 30 %',
    proxies: 1,
    servers: 5,
    workMs: 40,
    server: lastSlow(5, 0.25, pool4),
    load: 0.3,
    requests: 40_000,
  },
  {
    name: 'a2 pools, one at a quarter, 70 %',
    proxies: 1,
    servers: 5,
    workMs: 40,
    server: lastSlow(5, 0.25, pool4),
    load: 0.7,
    requests: 60_000,
  },
  {
    name: 'a3 pools, one slow, 90 %',
    proxies: 1,
    servers: 4,
    workMs: 25,
    server: (i) => pool(6, i === 0 ? 0.3 : 1),
    load: 0.9,
    requests: 80_000,
  },
  {
    name: 'a4 pools, two slow, 95 %',
    proxies: 2,
    servers: 6,
    workMs: 50,
    server: (i) => pool(8, i === 0 ? 0.2 : i === 1 ? 0.5 : 1),
    load: 0.95,
    requests: 100_000,
  },
  {
    name: 'a5 pools, one slow, surge to 105 %',
    proxies: 1,
    servers: 5,
    workMs: 40,
    server: lastSlow(5, 0.3, pool4),
    load: 0.7,
    surge: surge(1.5),
    requests: 80_000,
  },
  {
    name: 'b1 loops, equal, 70 %',
    proxies: 1,
    servers: 2,
    workMs: 8,
    server: () => loop(),
    load: 0.7,
    requests: 60_000,
  },
  {
    name: 'b2 loops, equal, 90 %',
    proxies: 1,
    servers: 5,
    workMs: 8,
    server: () => loop(),
    load: 0.9,
    requests: 80_000,
  },
  {
    name: 'b3 loops, one slow, 80 %',
    proxies: 4,
    servers: 5,
    workMs: 12,
    server: lastSlow(5, 0.3, loop),
    load: 0.8,
    requests: 80_000,
  },
  {
    name: 'b4 loops, some requests dear, 70 %',
    proxies: 4,
    servers: 10,
    workMs: 10,
    classes: [{ share: 1, workMs: 10, work: 'bimodal' }],
    server: () => loop(),
    load: 0.7,
    requests: 100_000,
  },
  {
    name: 'c1 cores, one at half, 80 %',
    proxies: 1,
    servers: 3,
    workMs: 30,
    server: lastSlow(3, 0.5, (speed) => cores(4, speed)),
    load: 0.8,
    requests: 60_000,
  },
  {
    name: 'c2 many, disturbed, 90 %',
    proxies: 4,
    servers: 100,
    workMs: 20,
    server: mixed,
    disturbed: true,
    load: 0.9,
    requests: 150_000,
  },
  {
    name: 'c3 many proxies, all unlike, 80 %',
    proxies: 20,
    servers: 20,
    workMs: 40,
    server: (i) => ({
      workers: [2, 4, 8, 3][i % 4]!,
      queues: i % 2 === 0,
      speed: [1, 0.6, 1.4, 1][i % 4]!,
    }),
    load: 0.8,
    requests: 100_000,
  },
  {
    name: 'c4 a thousand, disturbed, 85 %',
    proxies: 20,
    servers: 1_000,
    workMs: 100,
    server: mixed,
    disturbed: true,
    load: 0.85,
    requests: 250_000,
    warmUp: 0.35,
  },
  {
    name: 'd1 loops, cheap and dear, 60 %',
    proxies: 1,
    servers: 5,
    workMs: 10.95,
    classes: [
      { share: 0.95, workMs: 1 },
      { share: 0.05, workMs: 200 },
    ],
    server: () => loop(),
    load: 0.6,
    requests: 100_000,
  },
  {
    name: 'd2 pools, cheap and dear, 75 %',
    proxies: 4,
    servers: 5,
    workMs: 12,
    classes: [
      { share: 0.9, workMs: 2 },
      { share: 0.1, workMs: 102 },
    ],
    server: (i) => pool(6, i === 1 ? 0.5 : 1),
    load: 0.75,
    requests: 100_000,
  },
  {
    name: 'e1 heavy tail, one slow, 80 %',
    proxies: 1,
    servers: 5,
    workMs: 30,
    classes: [{ share: 1, workMs: 30, work: 'lognormal' }],
    server: (i) => cores(4, i === 2 ? 0.4 : 1),
    load: 0.8,
    requests: 80_000,
  },
  {
    name: 'e2 cold newcomers, 68 %',
    proxies: 4,
    servers: 8,
    workMs: 25,
    server: () => cores(4),
    load: 0.68,
    requests: 100_000,
    incidents: (ms) => [...restart(0.3 * ms, 1, 0.1, 10_000), ...restart(0.65 * ms, 5, 0.2, 8_000)],
  },
  {
    name: 'f1 pauses, 70 %',
    proxies: 1,
    servers: 5,
    workMs: 15,
    server: () => cores(4),
    pauses: { everyMs: 3_000, minMs: 100, maxMs: 500 },
    load: 0.7,
    requests: 80_000,
  },
  {
    name: 'f2 pauses, 80 %',
    proxies: 4,
    servers: 10,
    workMs: 15,
    server: () => pool(2),
    pauses: { everyMs: 5_000, minMs: 100, maxMs: 400 },
    load: 0.8,
    requests: 100_000,
  },
  {
    name: 'g1 one fails at once',
    proxies: 1,
    servers: 5,
    workMs: 25,
    server: () => pool(4),
    load: 0.65,
    requests: 80_000,
    incidents: failing(1, 1),
  },
  {
    name: 'g2 one fails 30 %',
    proxies: 2,
    servers: 8,
    workMs: 25,
    server: () => cores(4),
    load: 0.7,
    requests: 80_000,
    incidents: failing(3, 0.3),
  },
  {
    name: 'g3 one dies',
    proxies: 2,
    servers: 5,
    workMs: 25,
    server: () => cores(4),
    load: 0.6,
    requests: 80_000,
    incidents: (ms) => [{ at: 0.5 * ms, server: 2, dies: true }],
  },
  {
    name: 'h1 cores, two slow, 80 %',
    proxies: 2,
    servers: 6,
    workMs: 30,
    server: (i) => cores(4, i % 3 === 2 ? 0.4 : 1),
    load: 0.8,
    requests: 80_000,
  },
  {
    name: 'h2 cores, two slow, 85 %',
    proxies: 1,
    servers: 6,
    workMs: 30,
    server: (i) => cores(4, i < 2 ? 0.4 : 1),
    load: 0.85,
    requests: 80_000,
  },
  {
    name: 'h3 eight proxies, two slow, 80 %',
    proxies: 8,
    servers: 6,
    workMs: 30,
    server: (i) => cores(6, i < 2 ? 0.4 : 1),
    load: 0.8,
    requests: 80_000,
  },
  {
    name: 'l1 half in sessions, one slow, 75 %',
    proxies: 1,
    servers: 4,
    workMs: 25,
    server: lastSlow(4, 0.5, (speed) => cores(4, speed)),
    sessions: { share: 0.5, count: 2_000 },
    load: 0.75,
    requests: 80_000,
  },
  {
    name: 'l2 all in sessions, one slow, 70 %',
    proxies: 2,
    servers: 6,
    workMs: 25,
    server: (i) => cores(4, i === 3 ? 0.5 : 1),
    sessions: { share: 1, count: 3_000 },
    load: 0.7,
    requests: 80_000,
  },
  {
    name: 'n1 long polls, one slow, 75 %',
    proxies: 2,
    servers: 5,
    workMs: 26,
    classes: longPolls(25, 0.04, 25_000),
    server: (i) => pool(4, i === 0 ? 0.35 : 1),
    load: 0.75,
    requests: 100_000,
    warmUp: 0.4,
  },
  {
    name: 'n2 loops with WebSockets, 70 %',
    proxies: 1,
    servers: 4,
    workMs: 10.5,
    classes: [
      { share: 0.97, workMs: 10 },
      { share: 0.03, workMs: 40_000, idle: true, upgraded: true },
    ],
    server: () => loop(),
    load: 0.7,
    requests: 100_000,
    warmUp: 0.4,
  },
  {
    name: 'z1 four proxies, equal, 90 %',
    proxies: 4,
    servers: 10,
    workMs: 20,
    server: () => cores(4),
    load: 0.9,
    requests: 100_000,
  },
  {
    name: 'z2 pools, one at a quarter, 103 %',
    proxies: 1,
    servers: 5,
    workMs: 40,
    server: lastSlow(5, 0.25, pool4),
    load: 1.03,
    requests: 40_000,
  },
]
