// What is typed wrong is answered by what was meant, and by where to read on.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleCommand, type CommandUnderTest } from './command.ts'

let command: CommandUnderTest
beforeAll(async () => {
  command = await bundleCommand()
})
afterAll(() => command.close())

describe('authentype', () => {
  it('lists the commands when it is given none, for help, and for a command that there is not', async () => {
    const [bare, help, slip] = await Promise.all([command.run(), command.run('--help'), command.run('generat')])
    expect([bare.code, help.code, slip.code]).toEqual([2, 0, 2])
    expect(help.out).toContain('\n  generate ')
    expect(bare.out).toBe(help.out)
    expect(slip.err).toBe(`authentype: there is no command "generat"; did you mean generate?\n\n${help.out}`)
  })

  it('gives the help of a command in either order', async () => {
    const asked = [command.run('help', 'serve'), command.run('serve', '--help'), command.run('serve', '-h')]
    const [first, ...others] = await Promise.all(asked)
    expect(first!.out).toMatch(/^Usage: authentype serve /)
    expect(others).toEqual([first, first])
  })

  it.each(['--version', '-v', 'version'])('says with %s which it is', async (flag) => {
    expect(await command.run(flag)).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it.each([
    [['generate', '--ouut', 'x'], 'generate: there is no option --ouut; did you mean --out?'],
    [
      ['login', 'https://issuer.example', '--clinet-id', 'x'],
      'login: there is no option --clinet-id; did you mean --client-id?',
    ],
    [['token', '--quiet'], 'token: there is no option --quiet'],
    [['discover', '-x', 'y'], 'discover: there is no option -x'],
    [['discover', '--json=yes'], 'discover: --json takes no value'],
    [['serve', '--port'], 'serve: --port needs a value'],
    [['serve', '--port', '--json'], 'serve: --port needs a value; one that begins with a minus is --port=--json'],
    [
      ['serve', '--rotate-keys', '-3'],
      'serve: --rotate-keys needs a value; one that begins with a minus is --rotate-keys=-3',
    ],
    [['serve', '4000'], 'serve: it takes options alone; "4000" came'],
    [
      ['generate', 'a.yaml', '--out', 'x', '--import-extension', '.jsx'],
      'generate: --import-extension is ".jsx"; expected .js, .ts or none',
    ],
  ])('refuses %j in its own words', async (args, message) => {
    const name = args[0]!
    const { code, err } = await command.run(...args)
    const [said, usage, more] = err.split('\n')
    expect([code, said, more]).toEqual([2, `authentype: ${message}`, `authentype ${name} --help says more.`])
    expect(usage).toContain(`Usage: authentype ${name} `)
  })

  it('says of a file that is not there that it is not there', async () => {
    const { code, err } = await command.run('serve', '--port', '0', '--users', 'nobody.json')
    expect([code, err]).toEqual([3, 'authentype: --users: nobody.json cannot be read: there is no such file\n'])
  })

  it('asks whether the server runs where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const { code, err } = await command.run('discover', `http://127.0.0.1:${port}`, '--allow-loopback-http')
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/ECONNREFUSED[\s\S]*\n {2}nothing listens there: is the server running\?\n$/),
    ])
  })
})
