import { spawn } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { aDocument, fixture, temporaryFolder } from '../codegen/support/generated.ts'

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a user does: a process of its own. */
async function authentype(args: readonly string[], input = ''): Promise<Run> {
  const { closed, output } = start(args, input)
  return { code: await closed, ...output }
}

function start(args: readonly string[], input = '') {
  const command = ['--conditions=authentype-source', '--import', 'tsx', 'src/cli/main.ts']
  const child = spawn(process.execPath, [...command, ...args])
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  child.stdin.end(input)
  const closed = new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1)))
  return { process: child, output, closed }
}

describe('authentype generate', () => {
  it('writes, finds nothing to do, and tells drift by its exit code', async () => {
    const out = join(await temporaryFolder(), 'out')
    const written = await authentype(['generate', fixture('keywords-3.1.yaml'), '--out', out])
    expect(written.code).toBe(0)
    expect(written.stdout).toMatch(/^\d+ operations, \d+ models, 1 warning\n {2}written /)
    expect((await authentype(['generate', fixture('keywords-3.1.yaml'), '--out', out, '--check'])).code).toBe(0)
    const drifted = await authentype([
      'generate',
      fixture('keywords-3.1.yaml'),
      '--out',
      out,
      '--check',
      '--select',
      'operation:getThing',
    ])
    expect(drifted.code).toBe(1)
    expect(drifted.stdout).toContain('--- endpoints.ts')
    expect(drifted.stderr).toContain('run it again without --check')
  })

  it('reads standard input, and reports in JSON', async () => {
    const out = join(await temporaryFolder(), 'out')
    const { code, stdout } = await authentype(
      ['generate', '-', '--out', out, '--json'],
      aDocument({ schemas: { A: { $ref: '#/no' } } }).text,
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'written',
      counts: { models: 1 },
      warnings: [{ code: 'ref_not_followed', file: 'standard input', line: 1 }],
    })
    expect(await readFile(join(out, 'models.ts'), 'utf8')).toContain('export type A = unknown')
  })

  it('says what it is doing on a large document, on standard error', async () => {
    const out = join(await temporaryFolder(), 'out')
    const large = aDocument({ schemas: { A: { type: 'string', description: 'x'.repeat(1_200_000) } } }).text
    const { stderr, stdout } = await authentype(['generate', '-', '--out', out], large)
    expect(stderr).toContain('authentype: understanding 1.2 MB in 1 file')
    expect(stdout).not.toContain('understanding')
  })

  it('prints warnings as file:line:column, and fails on them under --strict', async () => {
    const out = join(await temporaryFolder(), 'out')
    const { code, stderr } = await authentype(['generate', fixture('provider-3.0.yaml'), '--out', out, '--strict'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/provider-3\.0\.yaml:\d+:\d+: warning: \$ref "[^"]+" is not followed/)
    expect(stderr).toContain('nothing is written')
  })

  it.each([
    ['no command', [], 2],
    ['an unknown command', ['generat'], 2],
    ['no document', ['generate', '--out', 'x'], 2],
    ['no folder', ['generate', 'x.yaml'], 2],
    ['an unknown option', ['generate', 'x.yaml', '--out', 'x', '--fast'], 2],
    ['an unknown mode', ['generate', 'x.yaml', '--out', 'x', '--validators', 'loose'], 2],
    ['a document that is not there', ['generate', 'no-such.yaml', '--out', 'x'], 3],
    ['a question for help', ['generate', '--help'], 0],
  ])('exits as documented for %s', async (_, args, expected) => {
    const { code, stderr } = await authentype(args)
    expect(code).toBe(expected)
    expect(stderr).not.toContain('    at ')
  })
})

describe('authentype generate with a configuration', () => {
  const write = async (folder: string, name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const document = aDocument({ schemas: { A: { type: 'string' } } }).text

  it('reads clients from JavaScript, TypeScript and JSON, paths relative to the file, flags over it', async () => {
    const folder = await temporaryFolder()
    await write(folder, 'provider.json', document)
    const client = { document: 'provider.json', out: 'out', validators: 'off' }
    const js = await write(folder, 'a.config.mjs', `export default ${JSON.stringify(client)}`)
    const ts = await write(folder, 'b.config.ts', `export default ${JSON.stringify([client])} as const`)
    const json = await write(folder, 'c.config.json', JSON.stringify(client))
    for (const config of [js, ts, json]) {
      const { code, stdout } = await authentype(['generate', '--config', config])
      expect([code, stdout]).toEqual([0, expect.stringContaining('1 models')])
    }
    expect(await readdir(join(folder, 'out'))).not.toContain('validators.ts')
    await authentype(['generate', '--config', json, '--validators', 'lenient'])
    expect(await readdir(join(folder, 'out'))).toContain('validators.ts')
    // And what an earlier run left behind goes.
    expect((await authentype(['generate', '--config', json, '--check'])).stdout).toContain('of an earlier run')
    await authentype(['generate', '--config', json])
    expect(await readdir(join(folder, 'out'))).not.toContain('validators.ts')
  })

  it('says what is wrong with it', async () => {
    const folder = await temporaryFolder()
    const broken = await write(folder, 'broken.config.json', '{')
    const empty = await write(folder, 'empty.config.mjs', 'export const x = 1')
    const wrong = await write(folder, 'wrong.config.json', '{"document":"x","out":"y","overlay":[]}')
    expect(await authentype(['generate', '--config', broken])).toMatchObject({ code: 2 })
    expect((await authentype(['generate', '--config', empty])).stderr).toContain('must be an object with "document"')
    expect((await authentype(['generate', '--config', wrong])).stderr).toContain('unknown option "overlay"')
    const yaml = await write(folder, 'a.config.yaml', 'document: x')
    expect((await authentype(['generate', '--config', yaml])).stderr).toContain('.js, .mjs, .ts, .mts or .json')
    const client = { document: 'x', out: 'y' }
    const twice = await write(folder, 'twice.config.json', JSON.stringify([client, { ...client, out: './y/' }]))
    expect(await authentype(['generate', '--config', twice])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('two clients have the folder') as string,
    })
    expect((await authentype(['generate', '--config', join(folder, 'none.mjs')])).stderr).toContain('no such file')
  })

  it('watches: writes again when the document changes, and outlives one that is broken for a while', async () => {
    const folder = await temporaryFolder()
    const path = await write(folder, 'provider.json', document)
    const out = join(folder, 'out')
    const child = start(['generate', path, '--out', out, '--watch'])
    const said = (text: string) => vi.waitFor(() => expect(child.output.stderr).toContain(text), 15_000)
    await said('watching')
    child.output.stderr = ''
    await writeFile(path, '{ broken')
    await said('not valid JSON')
    await writeFile(path, aDocument({ schemas: { Renewed: { type: 'string' } } }).text)
    await vi.waitFor(async () => expect(await readFile(join(out, 'models.ts'), 'utf8')).toContain('Renewed'), 15_000)
    child.process.kill()
    await child.closed
  }, 60_000)

  it('watches a file that the document refers to, also where it is broken or away for a while', async () => {
    const folder = await temporaryFolder()
    const path = await write(folder, 'root.json', aDocument({ schemas: { Pet: { $ref: 'pet.yaml' } } }).text)
    const pet = await write(folder, 'pet.yaml', 'type: string\n')
    const models = join(folder, 'out', 'models.ts')
    const child = start(['generate', path, '--out', join(folder, 'out'), '--watch'])
    const said = (text: string) => vi.waitFor(() => expect(child.output.stderr).toContain(text), 15_000)
    const wrote = (text: string) =>
      vi.waitFor(async () => expect(await readFile(models, 'utf8')).toContain(text), 15_000)
    await said('watching')
    await writeFile(pet, 'type: [')
    await said('not valid YAML')
    await writeFile(pet, 'type: boolean\n')
    await wrote('Pet = boolean')
    await rm(pet)
    await wrote('Pet = unknown')
    await writeFile(pet, 'type: number\n')
    await wrote('Pet = number')
    child.process.kill()
    await child.closed
  }, 60_000)

  it('ends in peace where nobody reads what it prints', async () => {
    const folder = await temporaryFolder()
    const path = await write(folder, 'provider.json', document)
    const child = start(['generate', path, '--out', join(folder, 'out')])
    child.process.stdout.destroy()
    expect(await child.closed).toBe(0)
    expect(child.output.stderr).not.toContain('EPIPE')
    expect(await readdir(join(folder, 'out'))).toContain('models.ts')
  })

  it('refuses to watch where nothing is a local file', async () => {
    const out = join(await temporaryFolder(), 'out')
    const { code, stderr } = await authentype(['generate', 'http://127.0.0.1:1/x.yaml', '--out', out, '--watch'])
    expect(code).toBe(2)
    expect(stderr).toContain('nothing to watch')
  })
})
