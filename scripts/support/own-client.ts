// How this repository generates its own client: with the strict validators that our own document can hold, and with
// the runtime imported from the source. Shared by `npm run generate` and `npm start`.
import type { GenerateOptions } from '../../src/codegen/index.ts'

export const ownClient: GenerateOptions = {
  document: 'openapi/oauth.yaml',
  out: 'generated',
  // A warning about our own document is a mistake in it.
  strict: true,
  schema: true,
  validators: 'strict',
  runtime: '../src/lib/wire/index.ts',
  importExtension: '.ts',
}
