// Compiles src/ and generated/ to dist/, with nothing but the compiler: what is published is what tsc wrote.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
const result = spawnSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (result.status !== 0) process.exit(result.status ?? 1)
const command = join(root, 'dist/src/cli/main.js')
if (existsSync(command)) chmodSync(command, 0o755)
