export type { Warning, WarningCode } from './diagnostics.ts'
export { type GeneratedFile, type GenerateReport, generate } from './generate.ts'
export type { DocumentInput } from './load/load.ts'
export type { GenerateOptions } from './options.ts'
