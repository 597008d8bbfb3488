import type { Result } from './measure.ts'

export function formatTable(results: readonly Result[]): string {
  const rows = results.map(({ job, contender, microseconds, ratio }, i) => [
    results[i - 1]?.job === job ? '' : job,
    contender,
    `${microseconds.toFixed(1)} µs`,
    `${ratio.toFixed(2)} x`,
  ])
  const all = [['job', 'contender', 'median', 'to the limit'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const lines = all.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  return [lines[0], '-'.repeat(lines[0]!.length), ...lines.slice(1)].join('\n')
}
