// How many cases each property is tried with: fast-check's hundred, or as many as `npm run check:long` says.
if (process.env.PROPERTY_RUNS) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ numRuns: Number(process.env.PROPERTY_RUNS) })
}
