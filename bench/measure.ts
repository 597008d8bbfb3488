/** Something that does the same job as the others of its group. */
export interface Contender {
  readonly name: string
  /** Throws where the job failed, so that nothing fast and wrong is measured. */
  readonly run: () => unknown
}

export interface Result {
  readonly job: string
  readonly contender: string
  /** Microseconds for one run, median of all rounds. */
  readonly microseconds: number
  /** To the first contender of the group, the limit: median of the rounds' ratios. */
  readonly ratio: number
}

const rounds = 41

/**
 * All contenders take turns in each round; the first is the limit that the others are held against.
 *
 * @param slice milliseconds that each contender has in each round; more where the network has its moods
 */
export async function measure(job: string, contenders: readonly Contender[], slice = 8): Promise<Result[]> {
  const counts: number[] = []
  for (const { run } of contenders) counts.push(await calibrate(run, slice))
  const times: number[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // The order turns, too, and its direction: else the garbage of one would always be collected in the time of another.
      const step = round % 2 === 0 ? turn : contenders.length - turn
      const i = (round + step) % contenders.length
      times[i]!.push(await timeRuns(contenders[i]!.run, counts[i]!))
    }
  }
  return contenders.map(({ name }, i) => ({
    job,
    contender: name,
    microseconds: median(times[i]!),
    ratio: median(times[i]!.map((time, round) => time / times[0]![round]!)),
  }))
}

/** Runs until the compiler has settled, and finds how many runs fill a slice. */
async function calibrate(run: () => unknown, slice: number): Promise<number> {
  await timeRuns(run, 300)
  return Math.max(1, Math.round((slice * 1000) / (await timeRuns(run, 300))))
}

/** A contender without promises is not made to await. */
async function timeRuns(run: () => unknown, count: number): Promise<number> {
  const isAsync = run() instanceof Promise
  const start = process.hrtime.bigint()
  if (isAsync) for (let i = 0; i < count; i++) await run()
  else for (let i = 0; i < count; i++) run()
  return Number(process.hrtime.bigint() - start) / count / 1000
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
