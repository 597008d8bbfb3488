// Adds to package-lock.json the optional packages of other platforms that the registry at hand does not have, so
// that `npm ci` finds the lock file complete everywhere. A mirror without them makes `npm install` leave them out,
// and `npm ci` then refuses its own lock file. They are only ever fetched on their own platform.
// Run it after each `npm install` that changes the lock file, with the folder of another package.json as its argument
// where that is the one that changed; it prints what it added.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** Platform packages carry their platform in their names: `@biomejs/cli-linux-x64-musl`, `binding-linux-arm-gnueabihf`. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : []
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...(libc.length > 0 && os[0] === 'linux' && { libc }),
  }
}

const path = join(resolve(import.meta.dirname, '..', process.argv[2] ?? '.'), 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
const added = []
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const target = `node_modules/${name}`
    if (lock.packages[target] || lock.packages[`${place}/${target}`] || !/^\d/.test(version)) continue
    const platform = platformOf(name)
    if (!platform.os && !platform.cpu) continue
    lock.packages[target] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true }
    added.push(`${name}@${version}`)
  }
}
if (added.length > 0) {
  const { '': own, ...others } = lock.packages
  const sorted = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = { '': own, ...Object.fromEntries(sorted) }
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
}
process.stdout.write(added.length > 0 ? `added ${added.join(', ')}\n` : 'the lock file is complete\n')
