/** Milliseconds; more than a timer can wait. */
const mostDelay = 2_147_483_647

/**
 * Rotates again and again until it is stopped. The next wait begins when the last rotation is done, so that a slow
 * machine falls behind and does not choke.
 *
 * @param seconds between two rotations
 * @returns stops it
 */
export function rotateEvery(
  seconds: number,
  rotate: () => Promise<void>,
  report: (error: unknown) => void,
): () => void {
  const delay = Math.min(seconds * 1000, mostDelay)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isStopped = false
  const wait = () => {
    if (isStopped) return
    timer = setTimeout(() => {
      rotate().catch(report).finally(wait)
    }, delay)
  }
  wait()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
