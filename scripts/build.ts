// Compiles src/ and generated/ to dist/, with nothing but the compiler: what is published is what tsc wrote. With a
// folder as its argument it compiles to there, so that tests which pack the package do not pull dist/ from under others.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const outDir = resolve(root, process.argv[2] ?? 'dist')
rmSync(outDir, { recursive: true, force: true })
const compiler = join(root, 'node_modules/.bin/tsc')
const result = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir], {
  cwd: root,
  stdio: 'inherit',
})
if (result.status !== 0) process.exit(result.status ?? 1)
chmodSync(join(outDir, 'src/cli/main.js'), 0o755)
