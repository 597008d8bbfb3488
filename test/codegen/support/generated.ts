import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type GenerateOptions, type GenerateReport, generate } from '../../../src/codegen/index.ts'

export const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name)

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** A folder that is gone after the tests of a file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'authentype-codegen-'))
  folders.push(folder)
  return folder
}

export interface Generated {
  readonly report: GenerateReport
  readonly out: string
  /** By name. */
  readonly files: Readonly<Record<string, string>>
  readonly codes: readonly string[]
}

/** Generates into a fresh folder, or into the one that is given. */
export async function generated(
  options: Partial<GenerateOptions> & Pick<GenerateOptions, 'document'>,
): Promise<Generated> {
  const out = options.out ?? join(await temporaryFolder(), 'out')
  const report = await generate({ ...options, out })
  const names = await readdir(out)
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), 'utf8')] as const))
  return { report, out, files: Object.fromEntries(texts), codes: report.warnings.map(({ code }) => code) }
}

/** A document as text, from its parts: most tests need one schema or one path. */
export function aDocument(parts: { paths?: object; schemas?: object; version?: string; extra?: object }): {
  name: string
  text: string
} {
  const { paths = {}, schemas = {}, version = '3.1.0', extra = {} } = parts
  const text = JSON.stringify({
    openapi: version,
    info: { title: 'Test', version: '1' },
    paths,
    components: { schemas },
    ...extra,
  })
  return { name: 'test.json', text }
}
