/** Of the round that scripts/fuzz.js runs, so that each round makes other inputs; always the same in the tests. */
export const fuzzSeed: number = Number(process.env['TOPSPIN_FUZZ_SEED'] ?? 1)
