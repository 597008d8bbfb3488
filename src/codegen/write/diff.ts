const context = 2
const maxLines = 60

/** What changed between two texts, as the lines of a unified diff; long ones are cut. */
export function diff(name: string, before: string | undefined, after: string): string {
  if (before === undefined) return `--- ${name}\n  is missing`
  const old = before.split('\n')
  const now = after.split('\n')
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  )
    end++
  const lines = [
    ...old.slice(Math.max(0, start - context), start).map((line) => ` ${line}`),
    ...changes(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...old.slice(old.length - end, old.length - end + context).map((line) => ` ${line}`),
  ]
  const near = nearChanges(lines)
  const shown =
    near.length > maxLines ? [...near.slice(0, maxLines), `... and ${near.length - maxLines} more lines`] : near
  return [`--- ${name}`, `+++ ${name}, generated anew`, `@@ line ${start + 1} @@`, ...shown].join('\n')
}

/** Changed lines with what stands around them; what is left out between them shows as an ellipsis. */
function nearChanges(lines: readonly string[]): string[] {
  const changed = lines.map((line) => !line.startsWith(' '))
  const isNear = lines.map((_, at) => changed.slice(Math.max(0, at - context), at + context + 1).includes(true))
  return lines.flatMap((line, at) => (isNear[at] ? [line] : isNear[at - 1] ? [' ...'] : []))
}

/** Lines kept in common, by the longest common subsequence where that is cheap, else none. */
function changes(old: readonly string[], now: readonly string[]): string[] {
  if (old.length * now.length > 1_000_000) return [...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)]
  const width = now.length + 1
  const length = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      length[i * width + j] =
        old[i] === now[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!)
    }
  }
  const lines: string[] = []
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(` ${old[i]}`)
      i++
      j++
    } else if (j >= now.length || (i < old.length && length[(i + 1) * width + j]! >= length[i * width + j + 1]!))
      lines.push(`-${old[i++]}`)
    else lines.push(`+${now[j++]}`)
  }
  return lines
}
