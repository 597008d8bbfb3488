// The command-line tool of the README, started as its reader would start it: at the development server, where it needs
// no setting but the port, and at a certified provider.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDevServer, type DevServer } from '../../src/dev-server/index.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { approveDevice } from '../support/real-provider/back-channel.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'
import { root, startExample } from './start-example.ts'

const code = readFileSync(join(root, 'examples/command-line-tool.ts'), 'utf8')
const folders: string[] = []
let server: DevServer
let provider: RealProvider

beforeAll(async () => {
  server = await createDevServer()
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
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  await server?.close()
  await provider?.close()
})

it('has fewer than 15 lines, and is what the README shows', () => {
  expect(code.trimEnd().split('\n').length).toBeLessThan(15)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(
    `<!-- example: command-line-tool -->\n\`\`\`ts\n${code}\`\`\``,
  )
})

const places = {
  'the development server': {
    env: () => ({ ISSUER: server.issuer }),
    approve: async (userCode: string) => {
      const url = `${server.issuer}/device?${new URLSearchParams({ user_code: userCode })}`
      expect(await new HeadlessBrowser().travel(url)).toContain('Your device goes on by itself')
    },
  },
  'a certified provider': {
    env: () => ({ ISSUER: provider.issuer, CLIENT_ID: 'tool' }),
    approve: async (userCode: string) => {
      await approveDevice(provider.server, userCode)
    },
  },
}

describe.each(Object.keys(places) as (keyof typeof places)[])('at %s', (name) => {
  it('logs in on another device the first time, and by itself the second', async () => {
    const { env, approve } = places[name]
    const cwd = mkdtempSync(join(tmpdir(), 'authentype-tool-'))
    folders.push(cwd)
    let approval: Promise<unknown> | undefined
    const first = startExample('command-line-tool.ts', {
      cwd,
      env: env(),
      onError: (line) => {
        const userCode = /enter (\S+)/.exec(line)?.[1]
        if (userCode) approval = approve(userCode)
      },
    })
    expect(await first.ended, first.out.stderr).toBe(0)
    await approval
    expect(first.out.stderr).toContain(`${env().ISSUER}/device`)
    expect(first.out.stdout).toContain('alice')
    const second = startExample('command-line-tool.ts', { cwd, env: env() })
    expect(await second.ended).toBe(0)
    expect(second.out.stderr).toBe('')
    expect(second.out.stdout).toContain('alice')
  }, 60_000)
})
