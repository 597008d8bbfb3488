// Everything that CI runs, by name, in the order in which a mistake is cheapest to find. `npm run check` runs
// all of it; `npm run check -- lint types` only what is named. Ends with the counts of the test run.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'authentype-check-'))
const testReport = join(scratch, 'tests.json')

/** A step is a list of commands; the first that fails ends the run. */
const steps: Record<string, readonly (readonly string[])[]> = {
  lint: [
    ['biome', 'check', '--error-on-warnings', '.'],
    ['oxlint', '--type-aware', '--deny-warnings', 'src', 'scripts', 'test', 'bench', 'examples'],
  ],
  types: [
    ['tsc', '-p', 'tsconfig.src.json'],
    ['tsc', '-p', 'tsconfig.json'],
  ],
  document: [['redocly', 'lint', 'openapi/oauth.yaml']],
  generated: [['npm', 'run', '--silent', 'generate', '--', '--check']],
  unused: [['knip']],
  package: [
    ['npm', 'run', '--silent', 'build'],
    ['publint', '--strict'],
    ['attw', '--pack', '--profile', 'esm-only', '--quiet', '--exclude-entrypoints', 'openapi/oauth.yaml'],
    ['size-limit'],
  ],
  test: [['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`]],
}

function run(command: readonly string[]): boolean {
  const [name, ...args] = command as [string, ...string[]]
  const local = join(root, 'node_modules/.bin', name)
  const result = spawnSync(existsSync(local) ? local : name, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
  return result.status === 0
}

function runStep(name: string): boolean {
  process.stdout.write(`\n── ${name}\n`)
  const began = performance.now()
  const passed = (steps[name] ?? []).every((command) => {
    process.stdout.write(`$ ${command.join(' ').replace(scratch, '$TMP')}\n`)
    return run(command)
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`${passed ? '✔' : '✖'} ${name} (${seconds} s)\n`)
  return passed
}

function testCounts(): { passed: number; failed: number } {
  if (!existsSync(testReport)) return { passed: 0, failed: 0 }
  const report = JSON.parse(readFileSync(testReport, 'utf8')) as { numPassedTests: number; numFailedTests: number }
  return { passed: report.numPassedTests, failed: report.numFailedTests }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in steps))
if (unknown.length > 0) {
  process.stderr.write(`check: no step ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}\n`)
  process.exit(2)
}

const failed = (wanted.length > 0 ? wanted : Object.keys(steps)).filter((name) => !runStep(name))
const counts = testCounts()
rmSync(scratch, { recursive: true, force: true })
if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.join(', ')}\n`)
if (counts.passed + counts.failed > 0) process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`)
process.exitCode = failed.length > 0 ? 1 : 0
