// Redis for tests: REDIS_URL where it is set, else Debian's redis-server. A cluster of three is always our own.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canRun, findProgram, freePort, type LocalServer, pause, startDaemon } from './local-servers.ts'

const program = findProgram('redis-server')

export const hasRedisCluster: boolean = canRun('redis-server', program !== undefined, 'redis-server')
export const hasRedis: boolean = process.env.REDIS_URL !== undefined || hasRedisCluster

/** A server whose writes are on disk before they are answered, so that a restart loses nothing. */
export async function startRedis(more: readonly string[] = []): Promise<LocalServer> {
  const given = process.env.REDIS_URL
  if (given && more.length === 0) {
    const refuse = () => Promise.reject(new Error('the server of REDIS_URL is not ours to restart'))
    return { url: given, restart: refuse, close: async () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'authentype-redis-'))
  const port = await freePort()
  const start = () =>
    startDaemon(
      [program!, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
        .concat(['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''])
        .concat(more),
      { cwd: folder },
      async () => (await command(port, 'PING')) === '+PONG',
    )
  let daemon = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart() {
      await daemon.kill('SIGKILL')
      daemon = await start()
    },
    async close() {
      await daemon.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface LocalCluster {
  readonly ports: readonly number[]
  close(): Promise<void>
}

/** Three masters, each with a third of the slots. */
export async function startRedisCluster(): Promise<LocalCluster> {
  const nodes: LocalServer[] = []
  for (let i = 0; i < 3; i++)
    nodes.push(await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']))
  const ports = nodes.map((node) => Number(new URL(node.url).port))
  for (const [i, port] of ports.entries()) {
    const [from, to] = [Math.floor((16_384 * i) / 3), Math.floor((16_384 * (i + 1)) / 3) - 1]
    await command(port, `CLUSTER ADDSLOTSRANGE ${from} ${to}`)
    await command(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`)
  }
  for (const port of ports.slice(1)) await command(ports[0]!, `CLUSTER MEET 127.0.0.1 ${port}`)
  for (let tries = 0; !(await allAgree(ports)); tries++) {
    if (tries > 200) throw new Error('the cluster did not form')
    await pause(50)
  }
  return {
    ports,
    async close() {
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

async function allAgree(ports: readonly number[]): Promise<boolean> {
  const infos = await Promise.all(ports.map((port) => command(port, 'CLUSTER INFO')))
  return infos.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'))
}

/** One inline command, without a client: the first piece of the answer. */
function command(port: number, line: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`))
    socket.once('data', (data) => {
      resolve(data.toString().trim())
      socket.destroy()
    })
    socket.once('error', () => resolve(''))
  })
}
