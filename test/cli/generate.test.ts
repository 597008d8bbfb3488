import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aDocument, fixture, temporaryFolder } from '../codegen/support/generated.ts'

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a user does: a process of its own. */
async function authentype(args: readonly string[], input = ''): Promise<Run> {
  const child = spawn(process.execPath, [
    '--conditions=authentype-source',
    '--import',
    'tsx',
    'src/cli/main.ts',
    ...args,
  ])
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  child.stdin.end(input)
  const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1)))
  return { code, ...output }
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
