import { transform } from 'esbuild'
import type { Validator } from '../../../src/lib/api.ts'

/** Runs the text of a `validators.ts`. */
export async function loadValidators(text: string): Promise<Readonly<Record<string, Validator>>> {
  const { code } = await transform(text, { loader: 'ts', format: 'esm' })
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)) as Record<
    string,
    Validator
  >
}
