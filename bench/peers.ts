// `node dist/bench/peers.js [--seconds N] [--load SHARE] [--service MS] [--only TEXT]`: five web servers, one of
// them at a quarter of the speed of the others: how long requests take without hand-over, and with it under
// several cascades.

import { peerCascade } from '../src/candidacy/index.ts'
import { measure, requestsPerSecond, type Trial } from './peers/measure.ts'
import { flag } from './support/flag.ts'

const historical = 'byAge 5, byRandom, byLogWindow, byCost'
const cascades = [
  'off',
  'byAge 5, byLoad',
  'byAge 5, byRandom, byLogWindow, byLoad',
  historical,
  `${historical}, addPrediction`,
  peerCascade.join(', '),
]

const only = flag('--only')
const trials: Trial[] = cascades
  .filter((candidacy) => only === undefined || candidacy.includes(only))
  .map((candidacy, index) => ({
    candidacy,
    group: `239.255.77.9:${45_000 + index}`,
    speeds: [1, 1, 1, 1, 0.25],
    serviceMs: Number(flag('--service') ?? 10),
    load: Number(flag('--load') ?? 0.7),
    gentleSeconds: 8,
    warmUpSeconds: 7,
    seconds: Number(flag('--seconds') ?? 60),
  }))

for (const [index, trial] of trials.entries()) {
  if (index === 0) {
    const { speeds, serviceMs, load, seconds } = trial
    console.log(
      `${speeds.length} servers, speeds ${speeds.join(' ')}; ${serviceMs} ms a request at speed 1; ` +
        `${Math.round(requestsPerSecond(trial))} requests a second (${load * 100} % of what all can do) for ${seconds} s\n`,
    )
    const titles = ['cascade', 'mean, ms', 'p50', 'p99', 'handed over', 'largest share in a second']
    console.log(`| ${titles.join(' | ')} |\n|${' --- |'.repeat(titles.length)}`)
  }
  const { mean, p50, p99, unanswered, failed, handed, peak } = await measure(trial)
  const open = unanswered > 0 ? ` (${unanswered} not answered in the end)` : ''
  const cells = [
    `\`${trial.candidacy}\`${open}${failed > 0 ? ` (${failed} FAILED)` : ''}`,
    ...[mean, p50, p99].map((ms) => ms.toFixed(1)),
    ...[handed, peak].map((share) => `${Math.round(100 * share)} %`),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
process.exit()
