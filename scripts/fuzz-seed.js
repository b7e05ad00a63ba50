// Gives the properties of test/fuzz the seed of the round; loaded before each of their files by scripts/fuzz.js.
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.TOPSPIN_FUZZ_SEED) })
