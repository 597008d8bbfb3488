// Makes a fresh clone ready: installs the dependencies when node_modules is missing or older than the lock
// file. Plain JavaScript, because nothing that could run TypeScript is there yet.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const marker = join(root, 'node_modules', '.authentype-setup')
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Authentype needs Node 20.19 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== lock) {
  process.stdout.write('Installing dependencies (once) ...\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' })
  if (result.status !== 0) {
    process.stderr.write('npm ci failed; its message is above.\n')
    process.exit(result.status ?? 1)
  }
  writeFileSync(marker, lock)
}
