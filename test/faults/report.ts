import { type Check, countRefreshes } from './judge.ts'
import type { Run } from './run-scenario.ts'

const columns = [
  ...['store', 'server', 'scenario', 'calls', 'ok', 'errors', 'expiries', 'rotations', 'attempts', 'extra', 'faults'],
  ...['p50 ms', 'p99 ms', 'seconds', 'result'],
]

/** A line of the table. */
export function rowOf(run: Run, checks: readonly Check[]): readonly string[] {
  const { calls, scenario } = run
  const refreshes = run.families.map((family) => countRefreshes(family, run))
  const sum = (name: 'expiries' | 'rotations' | 'attempts') => refreshes.reduce((total, each) => total + each[name], 0)
  const errors = Object.values(calls.errors).reduce((total, count) => total + count, 0)
  const failed = checks.filter(({ fault }) => fault !== undefined).length
  const latencies = calls.latencies.toSorted((a, b) => a - b)
  const quantile = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0
  return [
    ...[run.store, scenario.server, scenario.name, calls.latencies.length, calls.successes, errors],
    ...[sum('expiries'), sum('rotations'), sum('attempts'), sum('attempts') - sum('rotations'), run.faults],
    ...[quantile(0.5), quantile(0.99), run.seconds.toFixed(1), failed === 0 ? 'passed' : `${failed} FAILED`],
  ].map(String)
}

export function formatTable(rows: readonly (readonly string[])[]): string {
  const all = [columns, ...rows]
  const widths = columns.map((_, i) => Math.max(...all.map((row) => row[i]!.length)))
  const isText = (i: number) => i < 3 || i === columns.length - 1
  const lines = all.map((row) =>
    row
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '))
  return lines.join('\n')
}

/** What failed, and which errors the calls got. */
export function remarksOn(run: Run, checks: readonly Check[]): readonly string[] {
  const where = `${run.store}, ${run.scenario.server}, ${run.scenario.name}`
  const errors = Object.entries(run.calls.errors).map(([code, count]) => `${count} × ${code}`)
  return [
    ...(errors.length > 0 ? [`${where}: ${errors.join(', ')}`] : []),
    ...checks.flatMap(({ name, fault }) => (fault === undefined ? [] : [`✖ ${where}: ${name}: ${fault}`])),
  ]
}
