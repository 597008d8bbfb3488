/** Letters that may be wrong, missing, too many or swapped in a word that is taken for a slip. */
const slips = 2

/** `; did you mean --out?`, or nothing where no name is near to what was typed. */
export function suggestionFor(typed: string, names: readonly string[]): string {
  const near = names.map((name) => ({ name, distance: distanceBetween(typed, name) }))
  const nearest = near.toSorted((a, b) => a.distance - b.distance)[0]
  return nearest && nearest.distance <= slips ? `; did you mean ${nearest.name}?` : ''
}

/** By how many letters two words differ; two neighbours that changed places count as one (optimal string alignment). */
function distanceBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= one.length; row++) {
    const [before, current] = [rows[row - 1]!, [row]]
    for (let column = 1; column <= other.length; column++) {
      const replaced = before[column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1)
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const swapped = isSwap ? (rows[row - 2]?.[column - 2] ?? replaced) + 1 : replaced
      current.push(Math.min(before[column]! + 1, current[column - 1]! + 1, replaced, swapped))
    }
    rows.push(current)
  }
  return rows[one.length]![other.length]!
}
