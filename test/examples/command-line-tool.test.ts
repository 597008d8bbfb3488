// The command-line tool of the README, started as its reader would start it, against a certified provider.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { approveDevice } from '../support/real-provider/back-channel.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

const root = resolve(import.meta.dirname, '../..')
const code = readFileSync(join(root, 'examples/command-line-tool.ts'), 'utf8')
const home = mkdtempSync(join(tmpdir(), 'authentype-tool-'))
let provider: RealProvider

beforeAll(async () => {
  provider = await startRealProvider({ backChannel: true })
  await provider.registerClient({
    client_id: 'tool',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    redirect_uris: [],
    response_types: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    id_token_signed_response_alg: 'ES256',
  })
})

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await provider?.close()
})

function runTool(onLine: (line: string) => void): Promise<{ code: number | null; out: string }> {
  const command = ['--conditions=authentype-source', '--import', 'tsx', 'examples/command-line-tool.ts']
  const env = { PATH: process.env.PATH, ISSUER: provider.issuer, CLIENT_ID: 'tool', TOOL_HOME: home }
  const child = spawn(process.execPath, command, { cwd: root, env })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => onLine(String(chunk)))
  return new Promise((done) => child.on('close', (status) => done({ code: status, out })))
}

it('has fewer than 15 lines, and is what the README shows', () => {
  expect(code.trimEnd().split('\n').length).toBeLessThan(15)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(
    `<!-- example: command-line-tool -->\n\`\`\`ts\n${code}\`\`\``,
  )
})

it('logs in on another device the first time, and by itself the second', async () => {
  const lines: string[] = []
  const first = await runTool((line) => {
    lines.push(line)
    const userCode = /enter (\S+)/.exec(line)?.[1]
    if (userCode) void approveDevice(provider.server, userCode)
  })
  expect(lines.join('')).toContain(`${provider.issuer}/device`)
  expect(first.out).toContain('alice')
  expect(first.code).toBe(0)
  const again: string[] = []
  const second = await runTool((line) => again.push(line))
  expect(again).toEqual([])
  expect(second.out).toContain('alice')
}, 60_000)
