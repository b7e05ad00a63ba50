// A candidacy function: keeps the nodes of one zone while there are any. A node's route begins with its
// zone, as in `eu1-shop-a`. Named in topspin.yaml beside this file.

/**
 * @param {readonly import('topspin').Candidate[]} candidates those that are left at this step of the cascade
 * @param {import('topspin').ExchangeView} exchange the request and its session
 * @param {import('topspin').Clock} _clock
 * @param {string} zone the argument from the configuration
 * @returns {readonly import('topspin').Candidate[]} some of the candidates, in any order, each at most once
 */
export function byZone(candidates, exchange, _clock, zone) {
  // A test header overrides the configuration.
  const wanted = exchange.request?.field('x-zone') ?? zone
  const near = candidates.filter(({ node }) => node.route.startsWith(`${wanted}-`))
  return near.length > 0 ? near : candidates
}
