// PostgreSQL for tests: DATABASE_URL where it is set, else Debian's, run as the user postgres since it refuses root.
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  canRun,
  type Daemon,
  findProgram,
  freePort,
  type LocalServer,
  runProgram,
  startDaemon,
} from './local-servers.ts'

const program = findProgram('postgres', debianFolders())

export const hasPostgres: boolean =
  process.env.DATABASE_URL !== undefined || canRun('postgres', program !== undefined, 'postgresql')

function debianFolders(): string[] {
  try {
    return readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
  } catch {
    // Not a Debian with PostgreSQL.
    return []
  }
}

/** Root has to become somebody else. */
function user(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(runProgram(['id', flag, 'postgres']))
  return { uid: id('-u'), gid: id('-g') }
}

export async function startPostgres(): Promise<LocalServer> {
  const given = process.env.DATABASE_URL
  if (given) {
    const refuse = () => Promise.reject(new Error('the server of DATABASE_URL is not ours to restart'))
    return { url: given, restart: refuse, close: async () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'authentype-postgres-'))
  const as = { ...user(), cwd: folder }
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid!)
  const data = join(folder, 'data')
  const initdb = join(program!, '../initdb')
  runProgram([initdb, '-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], as)
  const port = await freePort()
  const isReady = join(program!, '../pg_isready')
  const start = (): Promise<Daemon> =>
    startDaemon(
      [program!, '-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder, '-c', 'fsync=off'],
      as,
      async () => {
        try {
          runProgram([isReady, '-h', '127.0.0.1', '-p', String(port), '-q'])
          return true
        } catch {
          // Not yet.
          return false
        }
      },
    )
  let daemon = await start()
  return {
    url: `postgresql://test@127.0.0.1:${port}/postgres`,
    async restart() {
      // Immediate shutdown: no goodbye to clients, recovery from the log at the next start.
      await daemon.kill('SIGQUIT')
      daemon = await start()
    },
    async close() {
      await daemon.kill('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
