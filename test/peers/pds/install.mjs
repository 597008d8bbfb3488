// Installs the real personal data server beside this file, when that was not done for this lock file yet. A package.json
// of its own keeps its 400 packages, and the compiling of better-sqlite3, out of an ordinary install.
//
// better-sqlite3 has no binary in the npm registry: its install script asks GitHub for one, then compiles with
// node-gyp, which asks nodejs.org for Node's headers. On a machine that reaches the registry alone both fail, so
// node-gyp is pointed at the headers that came with this Node (Debian, the official archives and nvm have them in
// include/node beside bin). It needs a C++ compiler, make and Python.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const folder = import.meta.dirname
const marker = join(folder, 'node_modules', '.authentype-setup')
// The binary that is compiled fits one ABI of Node.
const wanted = `${createHash('sha256')
  .update(readFileSync(join(folder, 'package-lock.json')))
  .digest('hex')} ${process.versions.modules}`

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
  process.stdout.write('Installing the personal data server (once; a minute) ...\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const prefix = dirname(dirname(process.execPath))
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'))
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, ...(hasHeaders && { npm_config_nodedir: prefix }) },
  })
  if (result.status !== 0) {
    process.stderr.write('npm ci failed in test/peers/pds; its message is above.\n')
    process.exit(result.status ?? 1)
  }
  writeFileSync(marker, wanted)
}
