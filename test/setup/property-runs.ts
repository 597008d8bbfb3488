// How many cases each property is tried with: fast-check's hundred, or as many as `npm run check:long` says. And
// which: others at each run, or those of PROPERTY_SEED, so that CI judges a change by the change alone.
const { PROPERTY_RUNS: runs, PROPERTY_SEED: seed } = process.env
if (runs || seed) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ ...(runs && { numRuns: Number(runs) }), ...(seed && { seed: Number(seed) }) })
}
